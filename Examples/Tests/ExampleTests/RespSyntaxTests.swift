import Foundation
import Testing

/// Where one command ends and the next begins, however the bytes are split into reads.
@Suite struct RespSyntaxTests {
    private let server: RespServer

    init() throws {
        server = try RespServer()
    }

    /// What the server sends for the bytes, sent at once, byte by byte, and in two pieces with every split.
    private func answersOfAllSplits(of bytes: [UInt8]) throws -> Set<String> {
        var found: Set<String> = []
        let clients = try (0..<bytes.count).map { split in
            let client = try server.client()
            if split > 0 { try client.send(Array(bytes[..<split])) }
            return client
        }
        let slow = try server.client()
        for byte in bytes {
            try? slow.send([byte])
            usleep(100)
        }
        for (split, client) in clients.enumerated() {
            // The server may have refused the first piece.
            try? client.send(Array(bytes[split...]))
        }
        for client in clients + [slow] { found.insert(String(decoding: try client.bytesToTheEnd(), as: UTF8.self)) }
        return found
    }

    @Test(arguments: [
        ("*x\r\n", "invalid multibulk length"),
        ("*01\r\n", "invalid multibulk length"),
        ("*1\n", "invalid multibulk length"),
        ("*2000000\r\n", "invalid multibulk length"),
        ("*99999999999999999999999\r\n", "invalid multibulk length"),
        ("*1\r\n:1\r\n", "expected '$', got ':'"),
        ("*1\r\n$-1\r\n", "invalid bulk length"),
        ("*1\r\n$4294967296\r\n", "invalid bulk length"),
        ("*1\r\n$4\rPING\r\n", "invalid bulk length"),
        ("*1\r\n$4\r\nPINGS\r\n", "expected a newline after the bulk"),
        ("GET \"k\r\n", "unbalanced quotes in request"),
        ("GET 'k'x\r\n", "unbalanced quotes in request"),
    ])
    func malformedCommand_isRefusedOnce_andNothingAfterItIsExecuted(_ bytes: String, _ error: String) throws {
        let bytes = Client.encoded(["PING"]) + Array(bytes.utf8) + Client.encoded(["SET", "after", "1"])
        #expect(try answersOfAllSplits(of: bytes) == ["+PONG\r\n-ERR Protocol error: \(error)\r\n"])
        #expect(try server.client().run("EXISTS after") == "(0)")
    }

    @Test(arguments: [
        ("*1\r\n$4\r\nPING\r\n", "+PONG\r\n"),
        ("*2\r\n$4\r\nECHO\r\n$6\r\n\r\n$1\r\n\r\n", "$6\r\n\r\n$1\r\n\r\n"),
        ("*2\r\n$4\r\necho\r\n$0\r\n\r\n", "$0\r\n\r\n"),
        ("*0\r\n*-1\r\n\r\n  \r\nPING\r\n", "+PONG\r\n"),
        ("ping\nECHO  'a \\'b'\r\n", "+PONG\r\n$4\r\na 'b\r\n"),
        ("ECHO \"\\x41\\n\\\"\"\r\n", "$3\r\nA\n\"\r\n"),
        ("NOPE a\r\n", "-ERR unknown command 'NOPE', with args beginning with: 'a' \r\n"),
    ])
    func validCommands_areAnsweredAlike_howeverTheyAreSplit(_ bytes: String, _ answer: String) throws {
        let bytes = Array(bytes.utf8) + Client.encoded(["QUIT"])
        #expect(try answersOfAllSplits(of: bytes) == [answer + "+OK\r\n"])
    }

    @Test func announcedLengths_allocateNothing() throws {
        let other = try server.client()
        let before = try usedMemory(other)
        let clients = try (0..<50).map { _ in
            let client = try server.client()
            try client.send("*1000000\r\n$3\r\nSET\r\n$500000000\r\nx")
            return client
        }
        while try !other.run("INFO").contains("connected_clients:51") {}
        #expect(try usedMemory(other) - before < 50 * 64 * 1024)
        withExtendedLifetime(clients) {}
    }

    @Test func lineWithoutAnEnd_isRefused() throws {
        let client = try server.client()
        for _ in 0..<20 { try? client.send([UInt8](repeating: 0x61, count: 4096)) }
        #expect(try client.reply() == "error: ERR Protocol error: too big inline request")
    }

    private func usedMemory(_ client: Client) throws -> Int {
        let info = try client.run("INFO")
        return try #require(info.firstMatch(of: /used_memory:(\d+)/).flatMap { Int($0.output.1) })
    }
}
