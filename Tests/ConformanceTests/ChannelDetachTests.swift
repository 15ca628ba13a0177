import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// A transport gives its channel up to another one.
    @Suite struct ChannelDetaching {
        @Test(arguments: LoopKind.allCases)
        func detachedChannel_servesItsNewTransport_andNotTheFormer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                try await Self.replace(loop) { StreamRecorder(loop) }
                // A receive into its memory is in flight on a proactor.
                try await Self.replace(loop) { BufferedRecorder(loop, size: 100) }
            }
        }

        /// Replaces a transport, which is released with its protocol object, while the connection goes on.
        private static func replace<P: ProtocolRecorder>(
            _ loop: any AbstractEventLoop, _ make: @escaping @Sendable () -> P
        ) async throws {
            let (socket, peer) = try RawPeer.pair()
            defer { peer.close() }
            let next = StreamRecorder(loop)
            weak var formerProtocol: P?
            let successor: SocketTransport
            do {
                let (transport, told) = try await loop.createConnection(socket: socket) { make() }
                formerProtocol = told
                let former = try #require(transport as? SocketTransport)
                try peer.send([1])
                try await told.wait { told.received == [1] }
                try await loop.turns()
                let channel = try former.detachChannel()
                #expect(loop.core.transports.isEmpty && former.isClosing)
                #expect(throws: EventLoopError.self) { try former.detachChannel() }
                try peer.send([2])
                try await loop.turns(10)
                #expect(told.events == [.made, .data])
                successor = try SocketTransport(
                    core: loop.core, descriptor: former.descriptor, channel: channel, protocol: next)
                try successor.begin()
                // Ignored: the channel is the successor's.
                former.write([8])
                former.writeEOF()
                former.pauseReading()
                former.close()
                former.abort()
                #expect(former.writeBufferSize == 0)
                try await next.wait { next.received == [2] }
                #expect(told.events == [.made, .data])
            }
            try await loop.eventually("the former protocol object is released") { formerProtocol == nil }
            successor.write([3])
            #expect(try await onThread { try peer.receive(1) } == [3])
            try peer.send([4])
            try await next.wait { next.received == [2, 4] }
            successor.abort()
            try await next.waitUntilLost()
        }

        @Test(arguments: LoopKind.allCases)
        func channel_isNotDetached_whileBytesWaitToBeSent(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let transport = try #require(link.transport as? SocketTransport)
                transport.write([1])
                let error = try await loopError { try transport.detachChannel() }
                #expect(error.code == .invalidState && error.operation == "detachChannel")
                #expect(!transport.isClosing)
                #expect(try await link.onPeer { try $0.receive(1) } == [1])
                try link.peer.send([2])
                try await link.told.wait { link.told.received == [2] }
            }
        }

        /// A closed server waits for a connection that another transport has taken over.
        @Test(arguments: LoopKind.allCases)
        func server_staysOpen_untilTheSuccessorIsLost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let (client, told) = try await loop.createConnection(host: "127.0.0.1", port: server.port) {
                    StreamRecorder(loop)
                }
                try await loop.eventually("the server has a connection") { visitors.all.first?.transport != nil }
                let former = try #require(visitors.all[0].transport as? SocketTransport)
                server.close()
                let wait = loop.createTask { try await server.waitClosed() }
                try await loop.turns()
                let next = StreamRecorder(loop)
                let successor = try SocketTransport(
                    core: loop.core, descriptor: former.descriptor, channel: try former.detachChannel(),
                    protocol: next, tracker: server)
                try successor.begin()
                try await loop.turns()
                #expect(!wait.isDone)
                server.closeClients()
                try await wait.value
                try await next.waitUntilLost()
                #expect(visitors.all[0].events == [.made])
                try await told.waitUntilLost()
                client.close()
            }
        }
    }
}
