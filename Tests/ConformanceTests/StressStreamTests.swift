import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Random operations on many streams at a time.
    @Suite struct StressStreams {
        /// STRESS-002 STRESS-005: reads of all kinds, cancelled at random moments, pauses, half-closes and aborts over
        /// 64 connections.
        ///
        /// Each direction delivers every byte once and in order; a direction that was cut off delivers a beginning.
        @Test(arguments: LoopKind.allCases)
        func randomOperations_keepEveryByteInOrder(_ kind: LoopKind) async throws {
            let seed = StressSeed.make(kind)
            try await runLoop(kind) { loop, _ in
                let listening = try Listening()
                defer { listening.socket.close() }
                var dice = SeededRandom(seed)
                var pairs: [StreamPair] = []
                var tasks: [LoopTask<Void>] = []
                for number in 0..<64 {
                    let (accepted, client) = try listening.pair()
                    let pair = StreamPair(
                        loop, number, size: TestSize.scaled(150_000), canBeCut: number % 4 == 0,
                        try await loop.openConnection(socket: accepted, limit: 8_000),
                        try await loop.openConnection(socket: client, limit: 8_000))
                    pairs.append(pair)
                    for side in [0, 1] {
                        let (writing, reading) = (dice.next(), dice.next())
                        tasks.append(loop.createTask { try await pair.write(side, writing) })
                        tasks.append(loop.createTask { try await pair.read(side, reading) })
                    }
                }
                for task in tasks { try await task.value }
                for (number, pair) in pairs.enumerated() {
                    for flow in pair.flows {
                        #expect(
                            pair.isCut ? flow.isPartlyRight : flow.isComplete,
                            """
                            pair \(number), seed \(seed): \(flow.received) of \(flow.sent) bytes, first wrong \
                            \(flow.firstWrong ?? -1)
                            """)
                    }
                    try await pair.close()
                }
            }
        }
    }
}

/// Both ends of a connection, and a flow in each direction.
private final class StreamPair {
    private let loop: any AbstractEventLoop
    private let ends: [(reader: StreamReader, writer: StreamWriter)]
    /// The flow that each end sends.
    let flows: [StressFlow]
    /// After how many sent bytes an end aborts the connection.
    private let cutAfter: Int
    private(set) var isCut = false

    init(
        _ loop: any AbstractEventLoop, _ number: Int, size: Int, canBeCut: Bool,
        _ ends: (StreamReader, StreamWriter)...
    ) {
        self.loop = loop
        self.ends = ends
        flows = (0..<2).map { StressFlow(number: 2 * number + $0, size: size) }
        cutAfter = canBeCut ? size * (number % 7 + 1) / 8 : .max
    }

    /// Ends both halves of the connection.
    func close() async throws {
        for end in ends { end.writer.close() }
        for end in ends {
            do { try await end.writer.waitClosed() } catch { #expect(isCut, "\(error)") }
        }
    }

    // MARK: Sending

    func write(_ side: Int, _ seed: UInt64) async throws {
        var dice = SeededRandom(seed)
        let (flow, writer) = (flows[side], ends[side].writer)
        while flow.sent < flow.size, !isCut {
            let count = Int.random(in: 1...Int.random(in: 1...10_000, using: &dice), using: &dice)
            if Bool.random(using: &dice) {
                writer.write(flow.next(count))
            } else {
                writer.write(flow.next(count).span.bytes)
            }
            if flow.sent >= cutAfter, side == 0 { return cut(&dice) }
            let turns = Int.random(in: 0...3, using: &dice)
            do {
                switch Int.random(in: 0..<4, using: &dice) {
                case 0: try await writer.drain()
                case 1: try await cancelled(afterTurns: turns) { try await writer.drain() }
                case 2: try await loop.turns(turns)
                default: break
                }
            } catch { try pass(error) }
        }
        // Only the sending half ends: the peer may still send.
        writer.writeEOF()
    }

    /// Breaks the connection in one of three ways.
    private func cut(_ dice: inout SeededRandom) {
        isCut = true
        let end = ends[Int.random(in: 0...1, using: &dice)]
        switch Int.random(in: 0...2, using: &dice) {
        case 0: end.writer.close()
        case 1: end.writer.transport.abort()
        default:
            resetOnClose(end.writer.transport.socket.fileDescriptor)
            end.writer.transport.abort()
        }
    }

    // MARK: Receiving

    func read(_ side: Int, _ seed: UInt64) async throws {
        var dice = SeededRandom(seed)
        let (flow, reader) = (flows[1 - side], ends[side].reader)
        while !reader.atEOF {
            do { try await readSome(reader, flow, side, &dice) } catch {
                try pass(error)
                if reader.exception != nil { return }
            }
        }
    }

    private func readSome(
        _ reader: StreamReader, _ flow: StressFlow, _ side: Int, _ dice: inout SeededRandom
    ) async throws {
        let count = Int.random(in: 1...5_000, using: &dice)
        let turns = Int.random(in: 0...3, using: &dice)
        switch Int.random(in: 0..<8, using: &dice) {
        case 0: flow.take(try await reader.read(count))
        case 1: try await cancelled(afterTurns: turns) { flow.take(try await reader.read(count)) }
        case 2:
            try await cancelled(afterTurns: turns) {
                flow.take(try await reader.readExactly(min(count, flow.size - flow.received)))
            }
        case 3: _ = try await reader.withNextBytes(atMost: count) { $0.withUnsafeBytes { flow.take($0) } }
        case 4:
            let stop = Int.random(in: 1...4, using: &dice)
            try await cancelled(afterTurns: 4 * turns) { try await self.iterate(reader, flow, stop) }
        case 5: try await iterate(reader, flow, Int.random(in: 1...4, using: &dice))
        case 6: try await loop.turns(turns)
        default:
            let transport = ends[side].writer.transport
            transport.pauseReading()
            try await loop.turns(turns)
            transport.resumeReading()
        }
    }

    /// Takes some chunks, and half of the last one.
    private func iterate(_ reader: StreamReader, _ flow: StressFlow, _ stop: Int) async throws {
        var chunks = 0
        try await reader.forEachChunk { bytes in
            chunks += 1
            let count = chunks < stop ? bytes.byteCount : (bytes.byteCount + 1) / 2
            bytes.withUnsafeBytes { flow.take(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
            return chunks < stop ? .continue : .stop(after: count)
        }
    }

    // MARK: Errors

    /// Runs an operation in a task that is cancelled after some turns.
    private func cancelled(afterTurns turns: Int, _ body: @escaping () async throws -> Void) async throws {
        let task = loop.createTask { try await body() }
        try await loop.turns(turns)
        task.cancel()
        do { try await task.value } catch is CancellationError {}
    }

    /// Ignores an error that the cut may cause.
    private func pass(_ error: any Error) throws {
        guard isCut, error is EventLoopError || error is IncompleteReadError else { throw error }
    }
}
