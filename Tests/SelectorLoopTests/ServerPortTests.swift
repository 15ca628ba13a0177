import EventLoops
import Kernel
import SelectorLoop
import TestSupport
import Testing

/// Not in ConformanceTests, where a helper named `port` would hide `Server.port`.
@Suite struct ServerPortTests {
    @Test func server_hasAPort_untilItIsClosed() async throws {
        try await onThread {
            let loop = try SelectorEventLoop()
            try loop.runUntilComplete {
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { Silent() }
                let port = try #require(server.port)
                #expect(port == server.sockets.first?.localAddress?.port)
                #expect(port > 0)
                server.close()
                #expect(server.port == nil)
            }
            try loop.close()
        }
    }
}

private final class Silent: StreamProtocol {
    func dataReceived(_ data: RawSpan) {}
}
