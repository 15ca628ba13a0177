import Foundation
import Testing

@Suite struct EchoServerTests {
    @Test(arguments: ["protocols", "streams", "chunks", "sockets"])
    func echo_returnsEverything_andEndsOnSIGINT(_ style: String) throws {
        let program = try Program("EchoServer", "--port", "0", "--style", style)
        let client = try Client(port: try program.port())
        try client.send("there and back\n")
        #expect(try client.line() == "there and back")
        // More than the kernel buffers, in pieces, so that buffers fill and drain.
        let block = (0..<1 << 18).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for _ in 0..<8 {
            try client.send(block)
            #expect(try client.bytes(block.count) == block)
        }
        program.signal(SIGINT)
        let (status, _, errors) = try program.end()
        #expect(status == 0)
        #expect(errors.isEmpty)
    }

    @Test func echoOfLines_returnsWholeLines() throws {
        let program = try Program("EchoServer", "--port", "0", "--style", "lines")
        let client = try Client(port: try program.port())
        try client.send("one\n\ntw")
        #expect(try client.line() == "one")
        #expect(try client.line().isEmpty)
        try client.send("o\n")
        #expect(try client.line() == "two")
        program.signal(SIGINT)
        let (status, _, errors) = try program.end()
        #expect(status == 0)
        #expect(errors.isEmpty)
    }

    @Test func portInUse_isOneLine_andStatus1() throws {
        let first = try Program("EchoServer", "--port", "0")
        let port = try first.port()
        let (status, output, errors) = try Program("EchoServer", "--port", "\(port)").end()
        #expect(status == 1)
        #expect(output.isEmpty)
        #expect(errors.hasPrefix("EchoServer: "))
        #expect(errors.contains("127.0.0.1:\(port)") && errors.contains("in use"))
        #expect(errors.split(separator: "\n").count == 1)
    }
}
