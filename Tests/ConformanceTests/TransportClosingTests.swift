import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    @Suite struct TransportClosing {
        /// TRANSPORT-020 TRANSPORT-023 TRANSPORT-025 TRANSPORT-061.
        @Test(arguments: LoopKind.allCases)
        func close_flushesBufferedBytesFirst(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                link.transport.write(Pattern.bytes(8 << 20))
                link.transport.close()
                #expect(link.transport.isClosing)
                link.transport.write("dropped")
                #expect(link.transport.writeBufferSize == 8 << 20)
                try link.peer.send([1])
                try await link.loop.sleep(for: .milliseconds(30))
                #expect(!link.told.isLost, "lost before the buffered bytes were sent")
                let total = try await link.onPeer { try $0.receivePattern() }
                #expect(total == 8 << 20)
                try await link.told.waitUntilLost()
                #expect(link.told.loss == nil)
                // Received bytes that the protocol has not read make the kernel end the connection with a reset.
                #expect(link.told.total == 0)
                #expect(link.transport.isClosing)
            }
        }

        /// TRANSPORT-021 TRANSPORT-022.
        @Test(arguments: LoopKind.allCases)
        func connectionLost_isCalledOnceAndLater_whateverEndsTheConnection(_ kind: LoopKind) async throws {
            let endings: [@Sendable (any StreamTransport) -> Void] = [
                { $0.close() }, { $0.abort() },
                {
                    $0.close()
                    $0.close()
                },
                {
                    $0.close()
                    $0.abort()
                },
                {
                    $0.abort()
                    $0.abort()
                    $0.close()
                },
                {
                    $0.write(Pattern.bytes(100))
                    $0.close()
                    $0.abort()
                },
            ]
            for end in endings {
                try await withLink(kind) { link in
                    end(link.transport)
                    #expect(link.told.events == [.made])
                    #expect(link.transport.isClosing)
                    try await link.told.waitUntilLost()
                    #expect(link.told.loss == nil)
                    end(link.transport)
                    try await link.loop.turns(10)
                    #expect(link.told.events == [.made, .lost])
                    #expect(link.transport.isClosing)
                }
            }
        }

        /// TRANSPORT-021; the order is asyncio's: a task that the last bytes resumed takes them before the loss.
        @Test(arguments: LoopKind.allCases)
        func connectionLost_comesAfterCallbacks_thatWereScheduledBeforeTheEnd(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                var order: [String] = []
                link.told.when = { event in
                    if event == .lost { order.append("lost") }
                    guard event == .data else { return }
                    link.loop.callSoon { order.append("callback") }
                    link.transport.abort()
                }
                try link.peer.send([1])
                try await link.told.waitUntilLost()
                #expect(order == ["callback", "lost"])
                link.told.when = { _ in }
            }
        }

        /// TRANSPORT-021 TRANSPORT-054; as in asyncio, whose `_call_connection_lost` uses the protocol of that moment.
        ///
        /// The new object was ignored, and waited for its loss without end.
        @Test(arguments: LoopKind.allCases)
        func connectionLost_isCalledOnTheNewProtocol_whenItIsSetAfterTheChannelIsClosed(
            _ kind: LoopKind
        ) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                defer { peer.close() }
                let (transport, former) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                let next = StreamRecorder(loop)
                next.connectionMade(transport)
                var refusal: EventLoopError?
                // A callback that was scheduled before the channel was closed runs before `connectionLost`.
                func look() {
                    guard loop.core.transports.isEmpty else {
                        loop.callSoon { look() }
                        return
                    }
                    do { try transport.setProtocol(NoReceiver()) } catch { refusal = error }
                    #expect(throws: Never.self) { try transport.setProtocol(next) }
                }
                transport.abort()
                loop.callSoon { look() }
                try await next.waitUntilLost()
                #expect(next.events == [.made, .lost])
                #expect(former.events == [.made])
                #expect(refusal?.code == .invalidArgument)
                // Ignored: no notification follows.
                try transport.setProtocol(former)
                try await loop.turns()
                #expect(former.events == [.made])
            }
        }

        /// Takes no bytes, so that no transport accepts it.
        private final class NoReceiver: BaseProtocol {}

        /// TRANSPORT-024.
        @Test(arguments: LoopKind.allCases)
        func bytes_areNotDelivered_afterClose(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                try link.peer.send([1, 2, 3])
                try link.peer.finishSending()
                // The bytes are in the socket, perhaps already in a completion.
                link.transport.close()
                try await link.told.waitUntilLost()
                #expect(link.told.events == [.made, .lost])
            }
        }

        /// TRANSPORT-024 TRANSPORT-047.
        @Test(arguments: LoopKind.allCases)
        func dataReceived_isNotCalledAgain_whenItCloses(_ kind: LoopKind) async throws {
            for aborts in [false, true] {
                try await withLink(kind) { link in
                    link.told.when = { [unowned told = link.told] in
                        guard $0 == .data else { return }
                        if aborts { told.transport?.abort() } else { told.transport?.close() }
                    }
                    try link.peer.send(Pattern.bytes(100_000))
                    try link.peer.finishSending()
                    try await link.told.waitUntilLost()
                    #expect(link.told.events == [.made, .data, .lost])
                    #expect(link.told.pieces.count == 1)
                    #expect(link.told.loss == nil)
                }
            }
        }

        /// TRANSPORT-027 TRANSPORT-028 TRANSPORT-059.
        @Test(arguments: LoopKind.allCases)
        func abort_dropsBufferedBytes_evenAfterClose(_ kind: LoopKind) async throws {
            for closesFirst in [false, true] {
                try await withLink(kind, receiveBuffer: 4096) { link in
                    link.transport.write(Pattern.bytes(32 << 20))
                    try await link.loop.turns()
                    if closesFirst { link.transport.close() }
                    try await link.loop.turns()
                    #expect(!link.told.isLost)
                    link.transport.abort()
                    #expect(!link.told.isLost)
                    try await link.told.waitUntilLost()
                    #expect(link.told.loss == nil)
                    #expect(link.transport.writeBufferSize == 0)
                    let total = try await link.onPeer { try $0.receivePattern() }
                    #expect((total ?? .max) < 32 << 20)
                }
            }
        }

        /// TRANSPORT-059.
        @Test(arguments: LoopKind.allCases)
        func abort_isNoError_whateverTheStateOfTheSend(_ kind: LoopKind) async throws {
            for turns in 0..<4 {
                try await withLink(kind) { link in
                    link.transport.write(Pattern.bytes(1000))
                    try await link.loop.turns(turns)
                    link.transport.abort()
                    try await link.told.waitUntilLost()
                    #expect(link.told.events == [.made, .lost])
                    #expect(link.told.loss == nil)
                }
            }
        }

        /// TRANSPORT-066.
        @Test(arguments: LoopKind.allCases)
        func idlePeer_seesTheEndPromptly_afterCloseOrAbort(_ kind: LoopKind) async throws {
            for aborts in [false, true] {
                try await withLink(kind) { link in
                    try await link.loop.turns()
                    let ended = link.startPeer { try $0.receiveAll() }
                    try await link.loop.sleep(for: .milliseconds(20))
                    if aborts { link.transport.abort() } else { link.transport.close() }
                    let rest = try await ended.value
                    #expect(rest == [])
                    try await link.told.waitUntilLost()
                }
            }
        }

        /// TRANSPORT-056 TRANSPORT-050.
        @Test(arguments: LoopKind.allCases)
        func transport_releasesItsProtocol_onceLost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                weak var told: StreamRecorder?
                weak var transport: (any StreamTransport)?
                let (socket, peer) = try RawPeer.pair()
                do {
                    let made = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                    (told, transport) = (made.1, made.0)
                    // The protocol object retains the transport, as usual, and does not release it.
                    made.0.close()
                    try await made.1.waitUntilLost()
                    #expect(made.0.extraInfo("peername") as? SocketAddress == made.0.peerAddress)
                    #expect(made.0.peerAddress?.port == peer.localPort)
                }
                try await loop.turns()
                #expect(told == nil)
                #expect(transport == nil)
            }
        }

        /// The kernel resets a connection that is closed with unread bytes, and the peer would lose the answer.
        @Test(arguments: LoopKind.allCases)
        func answer_arrives_evenIfBytesAreUnread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { Curt(loop) }
                let port = server.port
                let answer = Task {
                    try await onThread {
                        let peer = try RawPeer.connect(port)
                        defer { peer.close() }
                        try peer.send(Pattern.bytes(50_000))
                        return try peer.receiveAll()
                    }
                }
                #expect(text(try await answer.value) == "answer")
                server.close()
                try await server.waitClosed()
            }
        }

        /// Answers without reading the request.
        private final class Curt: StreamProtocol {
            private let loop: any AbstractEventLoop

            init(_ loop: any AbstractEventLoop) {
                self.loop = loop
            }

            func connectionMade(_ transport: any StreamTransport) {
                transport.pauseReading()
                loop.callLater(.milliseconds(30)) {
                    transport.write("answer")
                    transport.close()
                }
            }

            func dataReceived(_ data: RawSpan) {
                Issue.record("bytes while reading is paused")
            }
        }
    }
}
