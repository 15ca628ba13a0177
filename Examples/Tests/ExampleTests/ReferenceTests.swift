import Foundation
import Testing

@Suite struct ReferenceTests {
    @Test(arguments: [
        ("hello", "Hello World\n"),
        ("watch", "Received: abc\n"),
        ("future", "hello ...\n... world\n"),
        ("executor", "default thread pool 100\ncustom thread pool 100 333332833333500000\n"),
    ])
    func example_printsWhatItsOriginalPrints(_ name: String, _ expected: String) throws {
        let (status, output, errors) = try Program("Reference", name).end()
        #expect(status == 0)
        #expect(output == expected)
        #expect(errors.isEmpty)
    }

    /// The original prints five or six dates, depending on how long its calls take.
    @Test func date_isPrinted_forFiveSeconds() throws {
        let (status, output, errors) = try Program("Reference", "date").end()
        let lines = output.split(separator: "\n")
        #expect(status == 0)
        #expect(errors.isEmpty)
        #expect((1...6).contains(lines.count))
        #expect(lines.allSatisfy { $0.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/) != nil })
    }

    @Test(arguments: [(SIGINT, "SIGINT"), (SIGTERM, "SIGTERM")])
    func signal_endsTheProgram(_ signal: Int32, _ name: String) throws {
        let program = try Program("Reference", "signals")
        _ = try program.line { $0.contains("send SIGINT or SIGTERM") }
        program.signal(signal)
        let (status, output, errors) = try program.end()
        #expect(status == 0)
        #expect(output == "got signal \(name): exit\n")
        #expect(errors.isEmpty)
    }

    @Test func unknownExample_printsTheNames() throws {
        let (status, output, errors) = try Program("Reference", "nothing").end()
        #expect(status == 2)
        #expect(output.isEmpty)
        #expect(errors.hasPrefix("usage: Reference date | executor | future | hello | signals | watch"))
    }
}
