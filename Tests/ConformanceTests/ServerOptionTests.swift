import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// The socket options of a server.
    @Suite struct ServerOptions {
        /// SERVER-010.
        @Test(arguments: LoopKind.allCases)
        func createServer_bindsAgainAtOnce_unlessReuseAddressIsOff(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let first = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let port = first.port
                let peer = try RawPeer.connect(port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                // This end closes first, so its side stays in TIME_WAIT for a minute.
                visitors.all[0].transport?.close()
                try await visitors.all[0].waitUntilLost()
                #expect(try peer.receiveAll() == [])
                peer.close()
                first.close()
                let error = try await loopError {
                    try await loop.createServer(host: "127.0.0.1", port: port, reuseAddress: false) { visitors.make() }
                }
                #expect(error.errno == .addressInUse)
                let again = try await loop.createServer(host: "127.0.0.1", port: port) { visitors.make() }
                #expect(try Servers.listens(port))
                again.close()
                try await again.waitClosed()
            }
        }

        /// SERVER-011.
        @Test(arguments: LoopKind.allCases)
        func createServer_sharesThePort_ifBothServersRequestIt(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (left, right) = (Visitors(loop), Visitors(loop))
                let one = try await loop.createServer(host: "127.0.0.1", port: 0, reusePort: true) { left.make() }
                let other = try await loop.createServer(host: "127.0.0.1", port: one.port, reusePort: true) {
                    right.make()
                }
                let error = try await loopError {
                    try await loop.createServer(host: "127.0.0.1", port: one.port) { left.make() }
                }
                #expect(error.errno == .addressInUse)
                // The kernel distributes connections by a hash: the chance that one server gets all 64 is 1 in 2^63.
                let peers = try (0..<64).map { _ in try RawPeer.connect(one.port) }
                try await loop.eventually("all visitors") { left.all.count + right.all.count == 64 }
                #expect(!left.all.isEmpty && !right.all.isEmpty)
                for peer in peers { peer.close() }
                one.close()
                other.close()
                try await one.waitClosed()
                try await other.waitClosed()
            }
        }

        /// SERVER-013.
        @Test(arguments: LoopKind.allCases)
        func createServer_passesTheBacklogOn_withADefaultOfAHundred(_ kind: LoopKind) async throws {
            // Linux: a listening socket's backlog is its `tcpi_sacked`, the sixth number after the first eight bytes.
            @Sendable func backlog(_ server: Server) throws -> UInt32 {
                var numbers = [UInt32](repeating: 0, count: 8)
                var length = socklen_t(32)
                try SystemCall.nothing {
                    getsockopt(server.sockets[0].fileDescriptor, Int32(IPPROTO_TCP), TCP_INFO, &numbers, &length)
                }
                return numbers[7]
            }
            try await runLoop(kind) { loop, _ in
                let usual = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let short = try await loop.createServer(host: "127.0.0.1", port: 0, backlog: 7) { StreamRecorder(loop) }
                #expect(try backlog(usual) == 100)
                #expect(try backlog(short) == 7)
                usual.close()
                short.close()
            }
        }

        /// SERVER-014.
        @Test(arguments: LoopKind.allCases)
        func createServer_setsKeepAlive_ifRequested(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for keepAlive in [false, true] {
                    let visitors = Visitors(loop)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0, keepAlive: keepAlive) {
                        visitors.make()
                    }
                    let peer = try RawPeer.connect(server.port)
                    try await loop.eventually("a visitor") { visitors.all.count == 1 }
                    let option = try visitors.all[0].transport?.socket.option(SO_KEEPALIVE, level: SOL_SOCKET)
                    #expect(option == (keepAlive ? 1 : 0))
                    peer.close()
                    server.close()
                    try await server.waitClosed()
                }
            }
        }
    }
}
