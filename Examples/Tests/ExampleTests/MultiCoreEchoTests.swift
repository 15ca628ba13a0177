import Foundation
import Testing

@Suite struct MultiCoreEchoTests {
    @Test(arguments: [SIGINT, SIGTERM])
    func clients_areServedOnAllCores_untilASignal(_ signal: Int32) throws {
        let program = try Program("MultiCoreEcho", "0")
        let port = try program.port()
        let clients = try (0..<16).map { _ in try Client(port: port) }
        for (number, client) in clients.enumerated() { try client.send("client \(number)\n") }
        for (number, client) in clients.enumerated() { #expect(try client.line() == "client \(number)") }
        program.signal(signal)
        let (status, _, errors) = try program.end()
        #expect(status == 0)
        #expect(errors.isEmpty, "\(errors)")
    }

    /// A second server would otherwise take a part of the first one's connections.
    @Test func portInUse_isOneLine_andStatus1() throws {
        let first = try Program("MultiCoreEcho", "0")
        let port = try first.port()
        let (status, output, errors) = try Program("MultiCoreEcho", "\(port)").end()
        #expect(status == 1 && output.isEmpty)
        #expect(errors.hasPrefix("MultiCoreEcho: ") && errors.contains("in use"), "\(errors)")
    }
}
