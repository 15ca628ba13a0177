import EventLoops
import Kernel
import Proactor
import ProactorLoop
import TestSupport
import Testing

extension RingLoop {
    /// Bytes that arrive while the receive is paused, being paused or starved are neither lost nor delivered early.
    @Suite struct ReaderStateTests {
        /// Reading resumes in the turn in which bytes arrived during the pause: the cancellation is in flight, and the
        /// bytes are held.
        @Test(arguments: 0...6) func bytesReceivedDuringAPause_areDelivered_whenReadingResumes(afterTurns turns: Int)
            async throws
        {
            try await runLoop { loop, _ in
                let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                try await loop.turns(2)
                var expected: [UInt8] = []
                for round in 0..<5 {
                    transport.pauseReading()
                    expected += Pattern.bytes(500, at: round)
                    try await peer.send(Pattern.bytes(500, at: round))
                    try await loop.turns(turns)
                    #expect(connection.received.count == 500 * round, "delivered during the pause")
                    transport.resumeReading()
                    try await loop.eventually("delivered in round \(round)", within: .seconds(5)) {
                        connection.received.count == expected.count
                    }
                }
                #expect(connection.received == expected)
                transport.abort()
                try await loop.eventually("lost") { connection.losses.count == 1 }
            }
        }

        /// No receive is in flight, so what the peer sends stays in the socket's buffers.
        @Test func peer_isBlocked_whileReadingIsPaused() async throws {
            try await runLoop { loop, _ in
                let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                transport.pauseReading()
                let bytes = Pattern.bytes(4 << 20)
                let sending = loop.createTask { try await peer.send(bytes) }
                try await loop.sleep(for: .milliseconds(200))
                #expect(!sending.isDone, "4 MiB were received during a pause")
                #expect(connection.received.isEmpty)
                transport.resumeReading()
                try await sending.value
                try await loop.eventually("all there") { connection.received.count == bytes.count }
                #expect(connection.received == bytes)
                peer.close()
                try await loop.eventually("lost") { connection.losses.count == 1 }
            }
        }

        @Test func end_isReportedAfterTheBytesOfAPause_whenReadingResumes() async throws {
            try await runLoop { loop, _ in
                let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                try await loop.turns(2)
                transport.pauseReading()
                try await peer.send(Pattern.bytes(3000))
                peer.close()
                try await loop.sleep(for: .milliseconds(20))
                #expect(connection.received.isEmpty && !connection.hasEOF && connection.losses.isEmpty)
                transport.resumeReading()
                try await loop.eventually("lost") { connection.losses.count == 1 }
                #expect(connection.received == Pattern.bytes(3000))
                #expect(connection.hasEOF)
            }
        }

        /// Bytes and the end both arrive before the first receive, so no wake-up follows for either.
        @Test(arguments: [0, 1, 2_500, 20_000]) func end_isReported_whenItArrivedBeforeTheFirstReceive(_ count: Int)
            async throws
        {
            try await runLoop(.sizes(of: 1024)) { loop, _ in
                let listener = try Listening()
                for isUnix in [true, false] {
                    let (one, other) = isUnix ? try Socket.pair() : try listener.pair()
                    let peer = Peer(other, loop)
                    try await peer.send(Pattern.bytes(count))
                    peer.close()
                    let (_, connection) = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
                    try await loop.eventually("lost, Unix: \(isUnix)", within: .seconds(5)) {
                        connection.losses.count == 1
                    }
                    #expect(connection.hasEOF)
                    #expect(connection.received == Pattern.bytes(count))
                }
            }
        }

        /// Held bytes keep receive buffers; the end of the connection returns them.
        @Test func heldBytes_returnTheirBuffers_whenTheConnectionEndsDuringThePause() async throws {
            try await runLoop(.sizes(buffers: 4, of: 4096)) { loop, _ in
                for _ in 0..<20 {
                    let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                    try await loop.turns(2)
                    transport.pauseReading()
                    try await peer.send(Pattern.bytes(12_000))
                    try await loop.turns(4)
                    transport.abort()
                    try await loop.eventually("lost") { connection.losses.count == 1 }
                    #expect(loop.driver.buffersLent == 0)
                }
            }
        }

        /// The protocol changes to the other kind, and back, while a multishot receive is in flight.
        @Test(arguments: 0...4) func bytes_stayInOrder_whenTheProtocolChangesItsKind(afterTurns turns: Int) async throws
        {
            try await runLoop { loop, _ in
                let (first, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                try await loop.turns(2)
                let second = BufferedRecorder(loop, size: 4096)
                let third = StreamRecorder(loop)
                let bytes = Pattern.bytes(9000)
                try await peer.send(Array(bytes[..<3000]))
                try await loop.turns(turns)
                try transport.setProtocol(second)
                second.connectionMade(transport)
                try await peer.send(Array(bytes[3000..<6000]))
                try await loop.eventually("second part") { first.received.count + second.received.count == 6000 }
                transport.pauseReading()
                try await peer.send(Array(bytes[6000...]))
                try await loop.turns(turns)
                try transport.setProtocol(third)
                third.connectionMade(transport)
                transport.resumeReading()
                try await loop.eventually("third part", within: .seconds(5)) {
                    first.received.count + second.received.count + third.received.count == 9000
                }
                #expect(first.received + second.received + third.received == bytes)
                peer.close()
                try await loop.eventually("lost") { third.losses.count == 1 }
                #expect(first.losses.isEmpty && second.losses.isEmpty)
            }
        }

        /// Pauses, resumes, bytes and ends in random order, many times.
        ///
        /// Each operation ends exactly once.
        @Test(arguments: 1...6 as ClosedRange<UInt64>) func cancellations_raceWithBytesAndEnds_withoutLosingBytes(
            seed: UInt64
        )
            async throws
        {
            try await runLoop(.sizes(buffers: 8, of: 1024)) { loop, _ in
                var random = SeededRandom(seed)
                for round in 0..<60 {
                    let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                    var sent: [UInt8] = []
                    for step in 0..<Int.random(in: 1...12, using: &random) {
                        switch Int.random(in: 0..<5, using: &random) {
                        case 0: transport.pauseReading()
                        case 1: transport.resumeReading()
                        case 2: try await loop.turns(Int.random(in: 1...3, using: &random))
                        default:
                            let bytes = Pattern.bytes(Int.random(in: 1...3000, using: &random), at: step)
                            try await peer.send(bytes)
                            sent += bytes
                        }
                    }
                    transport.resumeReading()
                    if Bool.random(using: &random) {
                        peer.close()
                        try await loop.eventually("ended in round \(round)", within: .seconds(5)) {
                            !connection.losses.isEmpty
                        }
                        #expect(connection.received == sent)
                    } else {
                        transport.abort()
                        try await loop.eventually("aborted in round \(round)", within: .seconds(5)) {
                            !connection.losses.isEmpty
                        }
                        #expect(connection.received == Array(sent.prefix(connection.received.count)))
                    }
                    #expect(connection.losses.count == 1)
                }
            }
        }
    }
}
