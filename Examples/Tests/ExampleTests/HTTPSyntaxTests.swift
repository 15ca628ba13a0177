import Foundation
import Testing

/// Where one request ends and the next begins: a server that disagrees with a proxy about that can be tricked (RFC
/// 9112, 11.2).
@Suite struct HTTPSyntaxTests {
    private let program: Program
    private let port: Int

    init() throws {
        program = try Program("HTTPServer", "--port", "0")
        port = try program.port()
    }

    /// The statuses of all answers up to the end of the connection.
    private func statuses(of client: Client) throws -> [Int] {
        let text = String(decoding: try client.bytesToTheEnd(), as: UTF8.self)
        return text.components(separatedBy: "HTTP/1.1 ").dropFirst().compactMap { Int($0.prefix(3)) }
    }

    /// Sends the bytes at once, byte by byte, and in two pieces with every split between them.
    private func statusesOfAllSplits(of bytes: [UInt8]) throws -> Set<[Int]> {
        var found: Set<[Int]> = []
        let whole = try Client(port: port)
        try whole.send(bytes)
        found.insert(try statuses(of: whole))

        // All first pieces are sent before any second one, so that the server has read them.
        let clients = try (1..<bytes.count).map { split in
            let client = try Client(port: port)
            try client.send(Array(bytes[..<split]))
            return client
        }
        let slow = try Client(port: port)
        for byte in bytes {
            try? slow.send([byte])
            usleep(100)
        }
        for (client, split) in zip(clients, 1..<bytes.count) {
            // The server may have refused the first piece and closed its side.
            try? client.send(Array(bytes[split...]))
        }
        for client in clients + [slow] { found.insert(try statuses(of: client)) }
        return found
    }

    @Test(arguments: MalformedRequest.all)
    func malformedRequest_isRefusedOnce_andNothingAfterItIsServed(_ bad: MalformedRequest) throws {
        let bytes = Array((bad.text + request("GET", "/stats")).utf8)
        #expect(try statusesOfAllSplits(of: bytes) == [[bad.status]])
        // A good request before it is answered first.
        let client = try Client(port: port)
        try client.send(Array(request("GET", "/").utf8) + bytes)
        #expect(try statuses(of: client) == [200, bad.status])
    }

    @Test(arguments: ValidRequest.all)
    func validRequest_isAnsweredAlike_howeverItIsSplit(_ good: ValidRequest) throws {
        #expect(try statusesOfAllSplits(of: Array(good.text.utf8)) == [good.statuses])
    }

    @Test func controlBytes_areRefused_inEveryPartOfTheHead() throws {
        for byte in [UInt8](0...31) + [127] {
            for (before, after) in [("GE", "T / HTTP/1.1"), ("GET /", " HTTP/1.1"), ("GET / HT", "TP/1.1")] {
                let client = try Client(port: port)
                try client.send(Array(before.utf8) + [byte] + Array("\(after)\r\nHost: a\r\n\r\n".utf8))
                #expect(try statuses(of: client) == [400], "byte \(byte) after \(before)")
            }
            for before in ["Na", "Name: va"] where byte != 9 || before == "Na" {
                let client = try Client(port: port)
                let head = Array("GET / HTTP/1.1\r\nHost: a\r\n\(before)".utf8)
                try client.send(head + [byte] + Array("lue\r\nX: y\r\n\r\n".utf8))
                #expect(try statuses(of: client) == [400], "byte \(byte) after \(before)")
            }
        }
    }

    @Test func chunkedBody_mayHaveAnyChunks() throws {
        let body = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for size in [1, 2, 15, 16, 1000, 4096] {
            var message = Array(request("POST", "/echo", "Transfer-Encoding: chunked\r\n").utf8)
            for start in stride(from: 0, to: body.count, by: size) {
                let chunk = body[start..<min(start + size, body.count)]
                message += Array("\(String(chunk.count, radix: 16))\r\n".utf8) + chunk + Array("\r\n".utf8)
            }
            let client = try Client(port: port)
            try client.send(message + Array("0\r\n\r\n".utf8))
            #expect(try client.answer().body == body, "chunks of \(size)")
            // The connection is still in step.
            #expect(try client.ask("GET", "/").status == 200)
        }
    }
}
