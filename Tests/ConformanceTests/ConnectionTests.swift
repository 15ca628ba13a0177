import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct Connections {
        /// CONN-001 CONN-003 CONN-004.
        @Test(arguments: LoopKind.allCases)
        func createConnection_returnsTransportAndProtocol_onceConnected(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                var made = 0
                let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: listener.port) {
                    made += 1
                    return StreamRecorder(loop)
                }
                #expect(made == 1)
                #expect(told.events == [.made])
                #expect(told.transport === transport)
                #expect(transport.peerAddress == listener.address)
                #expect(transport.extraInfo("peername") as? SocketAddress == listener.address)
                #expect(transport.extraInfo("sockname") as? SocketAddress == transport.localAddress)
                #expect(try transport.socket.option(TCP_NODELAY, level: Int32(IPPROTO_TCP)) != 0)
                let peer = try listener.accept()
                #expect(transport.localAddress?.port == (try SocketCalls.peerAddress(peer.descriptor)).port)
                try peer.send([1, 2, 3])
                try await told.wait { told.received == [1, 2, 3] }
                transport.close()
                try await told.waitUntilLost()
                #expect(told.events == [.made, .data, .lost])
                #expect(told.loss == nil)
            }
        }

        /// CONN-002 CONN-008.
        @Test(arguments: LoopKind.allCases)
        func connectionMade_isCalledFirst_whenDataIsWaiting(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                try peer.send([7])
                try peer.finishSending()
                let descriptor = socket.fileDescriptor
                let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                #expect(told.events == [.made])
                #expect(transport.socket.fileDescriptor == descriptor)
                #expect(fcntl(descriptor, F_GETFL) & O_NONBLOCK != 0)
                #expect(try transport.socket.option(TCP_NODELAY, level: Int32(IPPROTO_TCP)) != 0)
                try await told.waitUntilLost()
                #expect(told.events == [.made, .data, .eof, .lost])
            }
        }

        /// CONN-008.
        @Test(arguments: LoopKind.allCases)
        func createConnection_doesNotConnectAGivenSocket(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (transport, told) = try await loop.createConnection(socket: Socket(family: .ipv4)) {
                    StreamRecorder(loop)
                }
                #expect(transport.peerAddress == nil)
                try await told.waitUntilLost()
                #expect((told.loss as? EventLoopError)?.errno == .notConnected)
            }
        }

        /// CONN-009 CONN-010 CONN-042.
        @Test(arguments: LoopKind.allCases)
        func createConnection_refusesASocket_unlessItIsAnOpenStream(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let datagram = try Socket(family: .ipv4, type: Socket.datagram)
                let wrongKind = try await loopError {
                    try await loop.createConnection(socket: datagram) { StreamRecorder(loop) }
                }
                #expect(wrongKind.code == .invalidArgument)
                #expect(wrongKind.operation == "createConnection")
                #expect(wrongKind.description.contains("stream socket was expected"))
                #expect(Descriptor.isOpen(datagram.fileDescriptor), "the refused socket was closed")
                let accepted = try await loopError {
                    try await loop.connectAcceptedSocket(datagram) { StreamRecorder(loop) }
                }
                #expect(accepted.code == .invalidArgument)
                #expect(accepted.operation == "connectAcceptedSocket")
                datagram.close()
                let closed = try await loopError {
                    try await loop.createConnection(socket: datagram) { StreamRecorder(loop) }
                }
                #expect(closed.code == .invalidArgument)
                #expect(closed.description.contains("closed"))
            }
        }

        /// CONN-012 CONN-026.
        @Test(arguments: LoopKind.allCases)
        func createConnection_ownsTheSocket_fromTheCallOn(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                // Not a TCP socket: TCP options must not be set.
                let (one, other) = try Socket.pair()
                let (transport, told) = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
                #expect(one.fileDescriptor == -1)
                // Closes nothing: the descriptor belongs to the transport.
                one.close()
                let (far, heard) = try await loop.createConnection(socket: other) { StreamRecorder(loop) }
                transport.write([1, 2])
                try await heard.wait { heard.received == [1, 2] }
                far.close()
                try await told.waitUntilLost()
                try await heard.waitUntilLost()
            }
        }

        /// CONN-024.
        @Test(arguments: LoopKind.allCases)
        func createConnection_usesTheGivenFamily(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let (transport, told) = try await loop.createConnection(
                    host: "localhost", port: listener.port, family: .ipv4
                ) { StreamRecorder(loop) }
                #expect(transport.peerAddress?.family == .ipv4)
                let wrong = try await loopError {
                    try await loop.createConnection(host: "127.0.0.1", port: listener.port, family: .ipv6) {
                        StreamRecorder(loop)
                    }
                }
                #expect(wrong.code == .invalidArgument)
                let numeric = try await loopError {
                    try await loop.createConnection(host: "localhost", port: listener.port, flags: AI_NUMERICHOST) {
                        StreamRecorder(loop)
                    }
                }
                #expect((numeric.attempts.first as? LookupError)?.code == EAI_NONAME)
                transport.close()
                try await told.waitUntilLost()
            }
        }

        /// CONN-019.
        @Test(arguments: LoopKind.allCases)
        func createConnection_bindsTheLocalAddress_beforeItConnects(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let (transport, told) = try await loop.createConnection(
                    host: "127.0.0.1", port: listener.port, localAddress: (host: "127.0.0.2", port: 0)
                ) { StreamRecorder(loop) }
                #expect(transport.localAddress?.host == "127.0.0.2")
                let peer = try listener.accept()
                #expect(try SocketCalls.peerAddress(peer.descriptor) == transport.localAddress)
                transport.close()
                try await told.waitUntilLost()
            }
        }

        /// CONN-025.
        @Test(arguments: LoopKind.allCases)
        func createConnection_closesItsSocket_whenCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let deaf = try DeafListener()
                defer { deaf.close() }
                var made = 0
                let task = loop.createTask {
                    try await loop.createConnection(host: "127.0.0.1", port: deaf.address.port ?? 0) {
                        made += 1
                        return StreamRecorder(loop)
                    }.1.total
                }
                try await loop.sleep(for: .milliseconds(50))
                #expect(!task.isDone, "the connect did not have to wait")
                await expectCancelled(task)
                #expect(made == 0)
            }
        }

        /// CONN-038.
        @Test(arguments: LoopKind.allCases)
        func createConnection_returnsNormally_whenAbortedInConnectionMade(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                let told = StreamRecorder(loop)
                told.when = { [unowned told] in if $0 == .made { told.transport?.abort() } }
                let (transport, _) = try await loop.createConnection(socket: socket) { told }
                #expect(transport.isClosing)
                #expect(told.events == [.made])
                try await told.waitUntilLost()
                #expect(told.loss == nil)
                #expect(try peer.receiveAll() == [])
            }
        }

        /// CONN-040 CONN-044.
        @Test(arguments: LoopKind.allCases)
        func createConnection_succeeds_forAHundredAtOnce(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let port = server.sockets[0].localAddress?.port ?? 0
                let tasks = (0..<100).map { number in
                    loop.createTask {
                        let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                            StreamRecorder(loop)
                        }
                        transport.write([UInt8(number)])
                        transport.writeEOF()
                        try await told.waitUntilLost()
                    }
                }
                for task in tasks { try await task.value }
                try await loop.eventually("all connections are lost") { server.connectionCount == 0 }
                #expect(visitors.all.flatMap(\.received).sorted() == Array(0..<100))
                server.close()
            }
        }

        /// CONN-041.
        @Test(arguments: LoopKind.allCases)
        func connectAcceptedSocket_servesAForeignConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listener = try RawListener()
                let peer = try RawPeer.connect(listener.port)
                try peer.send(Array("hello".utf8))
                let (transport, told) = try await loop.connectAcceptedSocket(try listener.acceptSocket()) {
                    StreamRecorder(loop)
                }
                try await told.wait { told.received == Array("hello".utf8) }
                transport.write("bye")
                transport.close()
                try await told.waitUntilLost()
                #expect(try peer.receiveAll() == Array("bye".utf8))
            }
        }
    }
}
