import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Peers that reset the connection at each step of its life.
    @Suite struct StressResets {
        enum Step: CaseIterable, Sendable {
            case beforeAccept, afterAccept, withUnreadBytes, duringDelivery, whileSending, afterEOF, duringFlush
            case afterAbort
        }

        /// STRESS-004: each connection is lost once, with no error or one of a broken connection, and the server
        /// continues to serve.
        @Test(arguments: LoopKind.allCases)
        func reset_endsTheConnectionOnce_atEachStep(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                visitors.prepare = { $0.disposition = .keepOpen }
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, backlog: 1024) { visitors.make() }
                for step in Step.allCases {
                    let first = visitors.all.count
                    let peers = try (0..<TestSize.scaled(20)).map { _ in try RawPeer.connect(server.port) }
                    if step == .beforeAccept {
                        for peer in peers { peer.reset() }
                        // The kernel may drop connections that were reset before they were accepted.
                        try await loop.turns(5)
                    } else {
                        try await loop.eventually("accepted") { visitors.all.count == first + peers.count }
                        for (peer, visitor) in zip(peers, visitors.all[first...]) {
                            try await reset(peer, visitor, at: step)
                        }
                    }
                    for visitor in visitors.all[first...] {
                        try await visitor.waitUntilLost()
                        #expect(visitor.losses.count == 1)
                        #expect(
                            visitor.loss == nil || [.connectionReset, .brokenPipe].contains(visitor.errno),
                            "\(step): \(visitor.loss.map { "\($0)" } ?? "")")
                    }
                }
                // The server still works.
                let peer = try RawPeer.connect(server.port)
                let served = visitors.all.count
                try await loop.eventually("accepted") { visitors.all.count > served }
                peer.close()
                server.close()
                visitors.all.last?.transport?.abort()
                try await server.waitClosed()
            }
        }

        private func reset(_ peer: RawPeer, _ visitor: StreamRecorder, at step: Step) async throws {
            let (loop, transport) = (visitor.loop, visitor.transport)
            switch step {
            case .beforeAccept, .afterAccept: break
            case .withUnreadBytes:
                transport?.pauseReading()
                try peer.send(Pattern.bytes(10_000))
                try await loop.turns(2)
            case .duringDelivery: try peer.send(Pattern.bytes(10_000))
            case .whileSending:
                transport?.write(Pattern.bytes(4 << 20))
                try await loop.turns(2)
            case .afterEOF:
                try peer.finishSending()
                try await visitor.wait { visitor.hasEOF }
                transport?.write(Pattern.bytes(100))
            case .duringFlush:
                transport?.write(Pattern.bytes(4 << 20))
                transport?.close()
                try await loop.turns(2)
            case .afterAbort: transport?.abort()
            }
            peer.reset()
            switch step {
            // Nothing reads, so only a write finds the reset.
            case .withUnreadBytes: transport?.resumeReading()
            // A receive does not report a reset that follows the end of the stream.
            case .afterEOF:
                try await loop.turns(2)
                transport?.write([1])
                try await loop.turns(2)
                transport?.write([1])
            default: break
            }
        }
    }
}
