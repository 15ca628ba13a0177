import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Random operations on many transports at a time.
    @Suite struct StressTransports {
        /// STRESS-004 STRESS-010: writes, pauses, half-closes, closes, aborts and resets in any order, over 64
        /// connections at a time; ended ones are replaced, so descriptor numbers are reused under load.
        ///
        /// Each protocol object is notified of one connection and one loss, and gets only bytes of its own peer.
        @Test(arguments: LoopKind.allCases)
        func randomOperations_endEachConnectionOnce(_ kind: LoopKind) async throws {
            let seed = StressSeed.make(kind)
            try await runLoop(kind) { loop, _ in
                let listening = try Listening()
                defer { listening.socket.close() }
                var dice = SeededRandom(seed)
                var pairs: [TransportPair] = []
                var (made, numbers) = (0, Set<Int32>())
                for _ in 0..<TestSize.scaled(15_000) {
                    while pairs.count < 64 {
                        made += 1
                        let pair = try await TransportPair(loop, made, listening)
                        numbers.formUnion(pair.descriptors)
                        pairs.append(pair)
                    }
                    let index = Int.random(in: pairs.indices, using: &dice)
                    pairs[index].operate(&dice)
                    if Int.random(in: 0..<4, using: &dice) == 0 { try await loop.turns(1) }
                    guard pairs[index].isOver else { continue }
                    pairs[index].check(seed)
                    pairs.remove(at: index)
                }
                for pair in pairs { pair.abort() }
                for pair in pairs {
                    try await pair.waitUntilOver()
                    pair.check(seed)
                }
                #expect(numbers.count < 2 * made, "no descriptor number was reused, seed \(seed)")
            }
        }
    }
}

/// Two protocol objects at the ends of a connection.
private final class TransportPair {
    private struct End {
        let told: StreamRecorder
        let transport: any StreamTransport
        let sends: StressFlow
    }

    private var ends: [End] = []
    /// The ends after `writeEOF`.
    private var ended: Set<ObjectIdentifier> = []
    let number: Int

    init(_ loop: any AbstractEventLoop, _ number: Int, _ listening: Listening) async throws {
        self.number = number
        let sockets = try listening.pair()
        let flows = (0..<2).map { StressFlow(number: 2 * number + $0, size: .max) }
        for (side, socket) in [sockets.accepted, sockets.client].enumerated() {
            let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
            told.keepsBytes = false
            told.disposition = number % 3 == 0 ? .close : .keepOpen
            let arriving = flows[1 - side]
            told.look = { arriving.take($0) }
            ends.append(End(told: told, transport: transport, sends: flows[side]))
        }
    }

    var descriptors: [Int32] {
        ends.map(\.transport.socket.fileDescriptor)
    }

    /// Performs a random operation on one of the ends.
    func operate(_ dice: inout SeededRandom) {
        let end = ends[Int.random(in: 0...1, using: &dice)]
        // Numbers of closed descriptors may belong to another connection.
        guard !end.told.isLost, !end.transport.isClosing else { return end.transport.pauseReading() }
        switch Int.random(in: 0..<40, using: &dice) {
        case 0: end.transport.close()
        case 1: end.transport.abort()
        case 2:
            resetOnClose(end.transport.socket.fileDescriptor)
            end.transport.abort()
        case 3, 4:
            ended.insert(ObjectIdentifier(end.transport))
            end.transport.writeEOF()
        case 5...9: end.transport.pauseReading()
        case 10...19: end.transport.resumeReading()
        case 20...22:
            try? end.transport.setWriteBufferLimits(high: Int.random(in: 0...100_000, using: &dice), low: nil)
        default: write(end, Int.random(in: 1...Int.random(in: 1...30_000, using: &dice), using: &dice))
        }
    }

    private func write(_ end: End, _ count: Int) {
        // After writeEOF, or to a protocol that is paused, a correct user writes nothing.
        guard !end.told.isPaused, !ended.contains(ObjectIdentifier(end.transport)) else { return }
        end.transport.write(end.sends.next(count))
    }

    var isOver: Bool {
        ends.allSatisfy(\.told.isLost)
    }

    func abort() {
        for end in ends { end.transport.abort() }
    }

    func waitUntilOver() async throws {
        for end in ends { try await end.told.waitUntilLost() }
    }

    func check(_ seed: UInt64) {
        for end in ends {
            let events = end.told.conversation
            #expect(events.first == .made && events.last == .lost, "\(events), pair \(number), seed \(seed)")
            #expect(end.told.losses.count == 1, "pair \(number), seed \(seed)")
            #expect(end.told.count(.eof) <= 1, "pair \(number), seed \(seed)")
            #expect(end.sends.isPartlyRight, "pair \(number), seed \(seed), at \(end.sends.firstWrong ?? -1)")
        }
    }
}
