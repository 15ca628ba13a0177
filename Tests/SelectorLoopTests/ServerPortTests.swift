import EventLoops
import Kernel
import SelectorLoop
import TestSupport
import Testing

/// Here and not among the behaviours of all loops: those tests have a `port` of their own, which is never nil.
@Suite struct ServerPortTests {
    @Test func server_saysItsPort_untilItIsClosed() async throws {
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
