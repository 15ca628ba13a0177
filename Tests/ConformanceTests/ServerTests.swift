import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Server {
    /// The port of the first socket.
    var port: Int { sockets.first?.localAddress?.port ?? -1 }
}

extension Conformance {
    @Suite struct Servers {
        /// Whether anything is listening on the port, according to the kernel.
        static func listens(_ port: Int, host: String = "127.0.0.1") throws -> Bool {
            do {
                try RawPeer.connect(port, host: host).close()
                return true
            } catch {
                guard error as? Errno == .connectionRefused else { throw error }
                return false
            }
        }

        /// SERVER-001 SERVER-002 SERVER-039 CONN-004.
        @Test(arguments: LoopKind.allCases)
        func createServer_makesAProtocolForEachConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                #expect(server.isServing)
                #expect(server.sockets.count == 1)
                #expect((1...65535).contains(server.port))
                let peers = try (0..<3).map { _ in try RawPeer.connect(server.port) }
                try await loop.eventually("three connections") { visitors.all.count == 3 }
                #expect(server.connectionCount == 3)
                #expect(visitors.all.compactMap { $0.transport?.peerAddress?.port } == peers.map(\.localPort))
                #expect(Set(visitors.all.compactMap { $0.transport.map(ObjectIdentifier.init) }).count == 3)
                for visitor in visitors.all {
                    #expect(visitor.transport?.localAddress?.port == server.port)
                    #expect(try visitor.transport?.socket.option(TCP_NODELAY, level: Int32(IPPROTO_TCP)) != 0)
                }
                for (number, peer) in peers.enumerated() {
                    try peer.send([UInt8(number)])
                    peer.close()
                }
                for (number, visitor) in visitors.all.enumerated() {
                    try await visitor.waitUntilLost()
                    #expect(visitor.received == [UInt8(number)])
                }
                #expect(server.connectionCount == 0)
                server.close()
            }
        }

        /// SERVER-003 SERVER-044.
        @Test(arguments: LoopKind.allCases)
        func createServer_listensOnAllInterfaces_withoutAHost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for host in [nil, ""] {
                    let port = try RawListener.closedAddress().port ?? 0
                    let server = try await loop.createServer(host: host, port: port) { StreamRecorder(loop) }
                    #expect(
                        server.sockets.compactMap { $0.localAddress }
                            == [try .anyIPv4(port: port), try .anyIPv6(port: port)])
                    #expect(try Self.listens(port))
                    #expect(try Self.listens(port, host: "::1"))
                    server.close()
                    try await server.waitClosed()
                }
                let six = try await loop.createServer(host: "::1", port: 0) { StreamRecorder(loop) }
                #expect(try Self.listens(six.port, host: "::1"))
                #expect(try !Self.listens(six.port), "IPV6_V6ONLY")
                six.close()
            }
        }

        /// SERVER-004.
        @Test(arguments: LoopKind.allCases)
        func createServer_listensOncePerAddress_forAListOfHosts(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let port = try RawListener.closedAddress().port ?? 0
                let server = try await loop.createServer(
                    host: ["127.0.0.1", "127.0.0.2", "localhost", "127.0.0.1"], port: port, family: .ipv4
                ) { StreamRecorder(loop) }
                #expect(server.sockets.compactMap { $0.localAddress?.host } == ["127.0.0.1", "127.0.0.2"])
                #expect(try Self.listens(port, host: "127.0.0.2"))
                server.close()
            }
        }

        /// SERVER-006 CONN-004.
        @Test(arguments: LoopKind.allCases)
        func createServer_listensOnAGivenSocket(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let socket = try Socket(family: .ipv4)
                try socket.bind(to: try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                let descriptor = socket.fileDescriptor
                let visitors = Visitors(loop)
                let server = try await loop.createServer(socket: socket) { visitors.make() }
                #expect(socket.fileDescriptor == -1)
                #expect(server.sockets.map(\.fileDescriptor) == [descriptor])
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let noDelay = try visitors.all[0].transport?.socket.option(TCP_NODELAY, level: Int32(IPPROTO_TCP))
                #expect(noDelay == 1, "TCP_NODELAY is not set")
                peer.close()
                server.close()
                try await server.waitClosed()
            }
        }

        /// SERVER-007.
        @Test(arguments: LoopKind.allCases)
        func createServer_refusesASocket_unlessItIsAStream(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let datagram = try Socket(family: .ipv4, type: Socket.datagram)
                let error = try await loopError {
                    try await loop.createServer(socket: datagram) { StreamRecorder(loop) }
                }
                #expect(error.code == .invalidArgument)
                #expect(error.operation == "createServer")
                #expect(Descriptor.isOpen(datagram.fileDescriptor))
            }
        }

        /// SERVER-008.
        ///
        /// The harness checks that the socket of the first host was closed.
        @Test(arguments: LoopKind.allCases)
        func createServer_namesTheAddress_whenItIsInUse(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let busy = try RawListener()
                let error = try await loopError {
                    try await loop.createServer(host: ["127.0.0.2", "127.0.0.1"], port: busy.port) {
                        StreamRecorder(loop)
                    }
                }
                #expect(error.code == .system)
                #expect(error.operation == "bind")
                #expect(error.errno == .addressInUse)
                #expect(error.address == busy.address.description)
                #expect(error.description.contains("choose another port, or pass reusePort"))
                #expect(try !Self.listens(busy.port, host: "127.0.0.2"))
            }
        }

        /// SERVER-028 SERVER-029.
        @Test(arguments: LoopKind.allCases)
        func server_hasALoopAndSockets_untilItIsClosed(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                #expect(server.loop === loop)
                let copy = server.sockets
                server.close()
                #expect(server.sockets.isEmpty)
                #expect(copy.count == 1)
                #expect(copy[0].localAddress == nil)
            }
        }

        /// SERVER-031.
        @Test(arguments: LoopKind.allCases)
        func server_keepsServing_whenReleased(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                weak var server: Server?
                let port: Int
                do {
                    let made = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                    server = made
                    port = made.port
                }
                try await loop.turns()
                let peer = try RawPeer.connect(port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                peer.close()
                try await visitors.all[0].waitUntilLost()
                #expect(server != nil)
                server?.close()
            }
        }
    }
}
