import Foundation
import Testing

@Suite struct TCPProxyTests {
    /// A proxy in front of an echo server.
    private func start() throws -> (target: Program, proxy: Program, port: Int) {
        let target = try Program("EchoServer", "--port", "0")
        let proxy = try Program("TCPProxy", "0", "127.0.0.1", "\(try target.port())")
        return (target, proxy, try proxy.port())
    }

    @Test func bytes_areForwardedInBothDirections() throws {
        let (target, proxy, port) = try start()
        let clients = try (0..<5).map { _ in try Client(port: port) }
        for (number, client) in clients.enumerated() { try client.send("hello \(number)\n") }
        for (number, client) in clients.enumerated() { #expect(try client.line() == "hello \(number)") }
        // More than the kernel buffers, in pieces, so that buffers fill and drain.
        let block = (0..<1 << 18).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
        for _ in 0..<8 {
            try clients[0].send(block)
            #expect(try clients[0].bytes(block.count) == block)
        }
        proxy.signal(SIGINT)
        let (status, _, errors) = try proxy.end()
        #expect(status == 0)
        #expect(errors.isEmpty)
        target.signal(SIGINT)
        _ = try target.end()
    }

    /// The proxy passes the end of the request on, and the answer still comes back.
    @Test func halfClose_isForwarded() throws {
        let (target, proxy, port) = try start()
        let client = try Client(port: port)
        try client.send("last words")
        try client.finish()
        #expect(try client.bytesToTheEnd() == Array("last words".utf8))
        withExtendedLifetime((target, proxy)) {}
    }

    /// A client that does not read stops the target, not the proxy's memory.
    @Test func client_thatDoesNotRead_isSlowedDown() throws {
        let (target, proxy, port) = try start()
        let client = try Client(port: port)
        let block = [UInt8](repeating: 7, count: 1 << 18)
        var sent = 0
        var isFull = false
        while !isFull, sent < 1 << 28 {
            let count = try client.sendSome(block[...])
            sent += count
            // The buffers are full if nothing was taken for a while.
            if count == 0 { isFull = !client.isWritable(within: 0.3) }
        }
        #expect(isFull, "\(sent) bytes were taken from a client that reads nothing")
        #expect(try client.bytes(sent).allSatisfy { $0 == 7 })
        withExtendedLifetime((target, proxy)) {}
    }

    @Test func target_thatRefuses_endsTheConnection() throws {
        let target = try Program("EchoServer", "--port", "0")
        let targetPort = try target.port()
        target.signal(SIGINT)
        _ = try target.end()
        let proxy = try Program("TCPProxy", "0", "127.0.0.1", "\(targetPort)")
        #expect(try Client(port: try proxy.port()).isAtEnd())
        proxy.signal(SIGINT)
        let (status, _, errors) = try proxy.end()
        #expect(status == 0)
        #expect(errors.hasPrefix("TCPProxy: connect 127.0.0.1:\(targetPort): ECONNREFUSED"))
    }
}
