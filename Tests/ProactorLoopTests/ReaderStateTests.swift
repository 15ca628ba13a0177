import EventLoops
import Kernel
import Proactor
import ProactorLoop
    import TestSupport
    import Testing

extension RingLoop {
    /// io_uring 15.3: what comes while the receive is paused, being paused or starved is neither lost nor told too
    /// early.
    @Suite struct ReaderStateTests {
        /// A resume in the turn in which bytes came during the pause: the cancel is on its way, and the bytes are held.
        @Test(arguments: 0...6) func bytesOfAPause_areDelivered_whenReadingResumes(afterTurns turns: Int) async throws {
            try await runLoop { loop, _ in
                let (connection, transport, peer) = try await pair(loop) { Recorder() }
                try await loop.turns(2)
                var expected: [UInt8] = []
                for round in 0..<5 {
                    transport.pauseReading()
                    expected += pattern(500, seed: round)
                    try await peer.send(pattern(500, seed: round))
                    try await loop.turns(turns)
                    #expect(connection.bytes.count == 500 * round, "delivered during a pause")
                    transport.resumeReading()
                    try await loop.until("delivered in round \(round)", within: .seconds(5)) {
                        connection.bytes.count == expected.count
                    }
                }
                #expect(connection.bytes == expected)
                transport.abort()
                try await loop.until("lost") { connection.losses.count == 1 }
            }
        }

        /// The kernel is asked for no more: what the peer sends must stop at the socket's buffers.
        @Test func peerIsHeldBack_whileReadingIsPaused() async throws {
            try await runLoop { loop, _ in
                let (connection, transport, peer) = try await pair(loop) { Recorder() }
                transport.pauseReading()
                let bytes = pattern(4 << 20)
                let sending = loop.createTask { try await peer.send(bytes) }
                try await loop.sleep(for: .milliseconds(200))
                #expect(!sending.isDone, "4 MiB were taken during a pause")
                #expect(connection.bytes.isEmpty)
                transport.resumeReading()
                try await sending.value
                try await loop.until("all there") { connection.bytes.count == bytes.count }
                #expect(connection.bytes == bytes)
                peer.close()
                try await loop.until("lost") { connection.losses.count == 1 }
            }
        }

        @Test func end_isToldAfterTheBytesOfAPause_whenReadingResumes() async throws {
            try await runLoop { loop, _ in
                let (connection, transport, peer) = try await pair(loop) { Recorder() }
                try await loop.turns(2)
                transport.pauseReading()
                try await peer.send(pattern(3000))
                peer.close()
                try await loop.sleep(for: .milliseconds(20))
                #expect(connection.bytes.isEmpty && !connection.hasEOF && connection.losses.isEmpty)
                transport.resumeReading()
                try await loop.until("lost") { connection.losses.count == 1 }
                #expect(connection.bytes == pattern(3000))
                #expect(connection.hasEOF)
            }
        }

        /// Bytes and the end are both there before the first receive: no wake-up comes for either.
        @Test(arguments: [0, 1, 2_500, 20_000]) func end_isTold_whenItCameBeforeTheFirstReceive(_ count: Int)
            async throws
        {
            try await runLoop(.sizes(of: 1024)) { loop, _ in
                let listener = try Listening()
                for isUnix in [true, false] {
                    let (one, other) = isUnix ? try Socket.pair() : try listener.pair()
                    let peer = Peer(other, loop)
                    try await peer.send(pattern(count))
                    peer.close()
                    let (_, connection) = try await loop.createConnection(socket: one) { Recorder() }
                    try await loop.until("lost, Unix: \(isUnix)", within: .seconds(5)) { connection.losses.count == 1 }
                    #expect(connection.hasEOF)
                    #expect(connection.bytes == pattern(count))
                }
            }
        }

        /// R4: held bytes keep buffers; the end gives them back.
        @Test func heldBytes_giveTheirBuffersBack_whenTheConnectionEndsDuringThePause() async throws {
            try await runLoop(.sizes(buffers: 4, of: 4096)) { loop, _ in
                for _ in 0..<20 {
                    let (connection, transport, peer) = try await pair(loop) { Recorder() }
                    try await loop.turns(2)
                    transport.pauseReading()
                    try await peer.send(pattern(12_000))
                    try await loop.turns(4)
                    transport.abort()
                    try await loop.until("lost") { connection.losses.count == 1 }
                    #expect(loop.driver.buffersLent == 0)
                }
            }
        }

        /// The other kind of protocol takes over while a multishot receive is in flight, and back.
        @Test(arguments: 0...4) func bytes_stayInOrder_whenTheProtocolChangesItsKind(afterTurns turns: Int) async throws
        {
            try await runLoop { loop, _ in
                let (first, transport, peer) = try await pair(loop) { Recorder() }
                try await loop.turns(2)
                let second = BufferedRecorder()
                let third = Recorder()
                let bytes = pattern(9000)
                try await peer.send(Array(bytes[..<3000]))
                try await loop.turns(turns)
                try transport.setProtocol(second)
                try await peer.send(Array(bytes[3000..<6000]))
                try await loop.until("second part") { first.bytes.count + second.bytes.count == 6000 }
                transport.pauseReading()
                try await peer.send(Array(bytes[6000...]))
                try await loop.turns(turns)
                try transport.setProtocol(third)
                transport.resumeReading()
                try await loop.until("third part", within: .seconds(5)) {
                    first.bytes.count + second.bytes.count + third.bytes.count == 9000
                }
                #expect(first.bytes + second.bytes + third.bytes == bytes)
                peer.close()
                try await loop.until("lost") { third.losses.count == 1 }
                #expect(first.losses.isEmpty && second.losses.isEmpty)
            }
        }

        /// R2, io_uring 16: pauses, resumes, bytes and ends in any order, many times.
        @Test(arguments: 1...6 as ClosedRange<UInt64>) func cancels_raceWithBytesAndEnds_withoutALoss(seed: UInt64)
            async throws
        {
            try await runLoop(.sizes(buffers: 8, of: 1024)) { loop, _ in
                var random = SeededRandom(seed)
                for round in 0..<60 {
                    let (connection, transport, peer) = try await pair(loop) { Recorder() }
                    var sent: [UInt8] = []
                    for step in 0..<Int.random(in: 1...12, using: &random) {
                        switch Int.random(in: 0..<5, using: &random) {
                        case 0: transport.pauseReading()
                        case 1: transport.resumeReading()
                        case 2: try await loop.turns(Int.random(in: 1...3, using: &random))
                        default:
                            let bytes = pattern(Int.random(in: 1...3000, using: &random), seed: step)
                            try await peer.send(bytes)
                            sent += bytes
                        }
                    }
                    transport.resumeReading()
                    if Bool.random(using: &random) {
                        peer.close()
                        try await loop.until("ended in round \(round)", within: .seconds(5)) {
                            !connection.losses.isEmpty
                        }
                        #expect(connection.bytes == sent)
                    } else {
                        transport.abort()
                        try await loop.until("aborted in round \(round)", within: .seconds(5)) {
                            !connection.losses.isEmpty
                        }
                        #expect(connection.bytes == Array(sent.prefix(connection.bytes.count)))
                    }
                    #expect(connection.losses.count == 1)
                }
            }
        }
    }
}
