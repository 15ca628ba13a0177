import EventLoops
import Kernel
import Proactor
import ProactorLoop
import TestSupport
import Testing

extension Conformance {
    /// Few receive buffers for many connections: all connections are served, and none waits forever.
    @Suite struct Starvation {
        private final class Echo: StreamProtocol {
            private var transport: (any StreamTransport)?

            func connectionMade(_ transport: any StreamTransport) {
                self.transport = transport
            }

            // The span is sent on from the receive buffer, if it is long enough.
            func dataReceived(_ data: RawSpan) {
                transport?.write(data)
            }

            func connectionLost(_ error: (any Error)?) {
                transport = nil
            }
        }

        /// Sends on all connections at once, then reads all answers.
        ///
        /// Returns the number of correct ones.
        private static func converse(_ port: Int, connections: Int, rounds: Int, size: Int) throws -> Int {
            let peers = try (0..<connections).map { _ in try RawPeer.connect(port) }
            var good = 0
            for round in 0..<rounds {
                for (number, peer) in peers.enumerated() {
                    try peer.send(Pattern.bytes(size, at: number * 977 + round))
                }
                for (number, peer) in peers.enumerated() {
                    if try peer.receive(size) == Pattern.bytes(size, at: number * 977 + round) { good += 1 }
                }
            }
            for peer in peers { peer.close() }
            return good
        }

        private static func configuration(_ buffers: Int, _ size: Int, entries: Int = 512) -> ProactorConfiguration {
            var configuration = ProactorConfiguration()
            configuration.receiveBufferCount = buffers
            configuration.receiveBufferSize = size
            configuration.submissionEntries = entries
            return configuration
        }

        /// TRANSPORT-001.
        ///
        /// Lent spans are kept while they wait to be sent.
        @Test(arguments: LoopKind.allCases, [2, 4, 8])
        func echo_servesAllConnections_withFewReceiveBuffers(_ kind: LoopKind, buffers: Int) async throws {
            try await runLoop(kind, Self.configuration(buffers, 4096)) { loop in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, backlog: 512) { Echo() }
                let port = server.port
                let halves = (0..<2).map { _ in
                    Task { try await onThread { try Self.converse(port, connections: 100, rounds: 10, size: 10_000) } }
                }
                for half in halves {
                    let good = try await half.value
                    #expect(good == 1000)
                }
                server.close()
                try await server.waitClosed()
            }
        }

        /// The submission queue is always full, so the kernel is entered in the middle of turns.
        @Test(arguments: LoopKind.allCases, [2, 8])
        func echo_servesAllConnections_withAShortSubmissionQueue(_ kind: LoopKind, buffers: Int) async throws {
            try await runLoop(kind, Self.configuration(buffers, 1024, entries: 4)) { loop in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, backlog: 512) { Echo() }
                let port = server.port
                let halves = (0..<2).map { _ in
                    Task { try await onThread { try Self.converse(port, connections: 100, rounds: 10, size: 3000) } }
                }
                for half in halves {
                    let good = try await half.value
                    #expect(good == 1000)
                }
                server.close()
                try await server.waitClosed()
            }
        }

        /// Connections that do not read must not take the buffers from those that do.
        @Test(arguments: LoopKind.allCases)
        func otherConnections_areServed_whilePausedOnesHoldBuffers(_ kind: LoopKind) async throws {
            try await runLoop(kind, Self.configuration(4, 4096)) { loop in
                let visitors = Visitors(loop)
                visitors.prepare = { visitor in
                    // Paused with a receive in flight, whose bytes are held.
                    visitor.when = { [unowned visitor] in
                        if $0 == .made { loop.callLater(.milliseconds(5)) { visitor.transport?.pauseReading() } }
                    }
                }
                let sleepy = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { Echo() }
                let peers = try (0..<20).map { _ in try RawPeer.connect(sleepy.port) }
                try await loop.eventually("all are paused") {
                    visitors.all.count == 20 && visitors.all.allSatisfy { $0.transport?.isReading == false }
                }
                for peer in peers { try peer.send(Pattern.bytes(50_000)) }
                try await loop.sleep(for: .milliseconds(20))
                let port = server.port
                let good = try await onThread { try Self.converse(port, connections: 20, rounds: 20, size: 10_000) }
                #expect(good == 400)
                for visitor in visitors.all { visitor.transport?.resumeReading() }
                for visitor in visitors.all { try await visitor.wait { visitor.total == 50_000 } }
                for visitor in visitors.all { expectSame(visitor.received, Pattern.bytes(50_000)) }
                for peer in peers { peer.close() }
                sleepy.close()
                server.close()
                try await sleepy.waitClosed()
                try await server.waitClosed()
            }
        }

        /// A connection may end, or switch to another kind of protocol, while it waits for a buffer.
        @Test(arguments: LoopKind.allCases)
        func starvedConnections_mayEndOrSwitchProtocols(_ kind: LoopKind) async throws {
            try await runLoop(kind, Self.configuration(2, 1024)) { loop in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, backlog: 512) { visitors.make() }
                let peers = try (0..<60).map { _ in try RawPeer.connect(server.port) }
                try await loop.eventually("all connections were accepted") { visitors.all.count == 60 }
                for peer in peers { try peer.send(Pattern.bytes(20_000)) }
                try await loop.turns(2)
                var buffered: [BufferedRecorder] = []
                for (number, visitor) in visitors.all.enumerated() {
                    guard let transport = visitor.transport else { continue }
                    switch number % 3 {
                    case 0: transport.abort()
                    case 1:
                        let other = BufferedRecorder(loop, size: 700)
                        other.connectionMade(transport)
                        buffered.append(other)
                        try transport.setProtocol(other)
                    default: break
                    }
                }
                for peer in peers { try? peer.finishSending() }
                for (number, visitor) in visitors.all.enumerated() where number % 3 != 1 {
                    try await visitor.waitUntilLost()
                    if number % 3 == 2 { expectSame(visitor.received, Pattern.bytes(20_000)) }
                }
                for (number, other) in buffered.enumerated() {
                    try await other.waitUntilLost()
                    let whole = visitors.all[number * 3 + 1].received + other.received
                    expectSame(whole, Pattern.bytes(20_000))
                }
                server.close()
                try await server.waitClosed()
            }
        }
    }
}
