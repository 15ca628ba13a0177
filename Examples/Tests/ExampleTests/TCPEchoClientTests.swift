import Foundation
import Testing

@Suite struct TCPEchoClientTests {
    @Test func lines_comeBack_andTheClientEnds() throws {
        let server = try Program("EchoServer", "--port", "0")
        let lines = (0..<1000).map { "line \($0) " + String(repeating: "x", count: $0 % 50) }
        let client = try Program("TCPEchoClient", ["\(try server.port())"] + lines)
        let (status, output, errors) = try client.end()
        #expect(status == 0)
        #expect(output == lines.map { $0 + "\n" }.joined())
        #expect(errors.isEmpty)
    }

    @Test func serverThatIsAbsent_isOneLine_andStatus1() throws {
        let (status, output, errors) = try Program("TCPEchoClient", "1", "hello").end()
        #expect(status == 1)
        #expect(output.isEmpty)
        #expect(errors.hasPrefix("TCPEchoClient: ") && errors.contains("127.0.0.1:1"))
        #expect(errors.split(separator: "\n").count == 1)
    }
}
