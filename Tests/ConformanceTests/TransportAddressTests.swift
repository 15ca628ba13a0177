import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// The addresses of both ends of a connection, during its life and afterwards.
    @Suite struct TransportAddresses {
        /// What a transport reports about its ends.
        private struct Ends: Equatable {
            var peer: SocketAddress?
            var local: SocketAddress?
            var peername: SocketAddress?
            var sockname: SocketAddress?

            init(_ transport: any StreamTransport) {
                peer = transport.peerAddress
                local = transport.localAddress
                peername = transport.extraInfo("peername") as? SocketAddress
                sockname = transport.extraInfo("sockname") as? SocketAddress
            }

            var areKnown: Bool {
                peer != nil && local != nil && peername == peer && sockname == local
            }
        }

        @Test(arguments: LoopKind.allCases)
        func bothAddresses_areKept_inConnectionLostAndAfterIt(_ kind: LoopKind) async throws {
            let endings: [@Sendable (Link<StreamRecorder>) throws -> Void] = [
                { $0.transport.close() },
                { $0.transport.abort() },
                { $0.peer.close() },
                { $0.peer.reset() },
                {
                    $0.transport.write([1, 2, 3])
                    $0.transport.close()
                    $0.peer.reset()
                },
            ]
            for end in endings {
                try await withLink(kind) { link in
                    let before = Ends(link.transport)
                    #expect(before.areKnown)
                    var inside: Ends?
                    link.told.when = { if $0 == .lost { inside = Ends(link.transport) } }
                    try end(link)
                    #expect(Ends(link.transport) == before, "while the connection is closing")
                    try await link.told.waitUntilLost()
                    #expect(inside == before)
                    try await link.loop.turns()
                    #expect(Ends(link.transport) == before)
                    link.told.when = { _ in }
                }
            }
        }

        /// The number may belong to another file by then.
        @Test(arguments: LoopKind.allCases)
        func socket_hasNoNumber_onceTheConnectionIsClosed(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                #expect(link.transport.socket.fileDescriptor >= 0)
                var inside: Int32?
                link.told.when = { if $0 == .lost { inside = link.transport.socket.fileDescriptor } }
                link.transport.close()
                try await link.told.waitUntilLost()
                #expect(inside == -1)
                let socket = link.transport.socket
                #expect(socket.fileDescriptor == -1 && socket.localAddress == nil && socket.peerAddress == nil)
                #expect(link.transport.extraInfo("socket") as? TransportSocket == socket)
                #expect("\(socket)".contains("closed"))
                #expect(throws: Errno.badFileDescriptor) { try socket.option(SO_TYPE, level: SOL_SOCKET) }
                link.told.when = { _ in }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func bothAddresses_areKept_byAServersConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("the connection is accepted") { visitors.all.first?.transport != nil }
                let told = try #require(visitors.all.first)
                let transport = try #require(told.transport)
                #expect(transport.peerAddress?.port == peer.localPort)
                peer.reset()
                try await told.waitUntilLost()
                #expect(transport.localAddress == server.sockets.first?.localAddress)
                #expect(transport.extraInfo("sockname") as? SocketAddress == transport.localAddress)
                try await server.closeAndWait()
            }
        }

        /// A client knows the address to which it connected.
        ///
        /// The kernel, which forgets the peer of a connection that was reset, is not asked.
        @Test(arguments: LoopKind.allCases)
        func peerAddress_isKnown_whenThePeerResetsBeforeTheTransportIsMade(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: listener.port) {
                    #expect(throws: Never.self) { try listener.accept().reset() }
                    return StreamRecorder(loop)
                }
                #expect(transport.peerAddress == listener.address)
                try await told.waitUntilLost()
                #expect(transport.peerAddress == listener.address)
                #expect(told.loss != nil)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func peerAddress_isTheOneThatTheKernelChose_forAnUnspecifiedHost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for (host, loopback) in [("0.0.0.0", "127.0.0.1"), ("::", "::1"), ("::1", "::1")] {
                    let listener = try RawListener(host)
                    let (transport, told) = try await loop.createConnection(host: host, port: listener.port) {
                        StreamRecorder(loop)
                    }
                    #expect(transport.peerAddress == (try SocketAddress(ipAddress: loopback, port: listener.port)))
                    transport.abort()
                    try await told.waitUntilLost()
                }
            }
        }

        /// The size does not include bytes that will not be sent, although the kernel may still read those of a send in
        /// flight.
        @Test(arguments: LoopKind.allCases)
        func writeBufferSize_isZeroAtOnce_afterAbort(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                link.transport.write(Pattern.bytes(8 << 20))
                let waiting = try await link.loop.settled { link.transport.writeBufferSize }
                #expect(waiting > 0)
                link.transport.abort()
                #expect(link.transport.writeBufferSize == 0)
                try await link.told.waitUntilLost()
                #expect(link.transport.writeBufferSize == 0)
            }
        }
    }
}
