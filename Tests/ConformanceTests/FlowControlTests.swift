import EventLoops
import Kernel
import Proactor
import Synchronization
import TestSupport
import Testing

extension Conformance {
    /// When a writer is paused and resumed.
    @Suite struct WriteFlow {
        /// The progress of a thread.
        private final class Progress: Sendable {
            let bytes = Atomic(0)
        }

        /// TRANSPORT-008 TRANSPORT-009.
        ///
        /// The numbers are CPython's.
        @Test(arguments: LoopKind.allCases)
        func limits_implyEachOther_unlessBothAreGiven(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                func limits() -> [Int] {
                    [link.transport.writeBufferLimits.low, link.transport.writeBufferLimits.high]
                }
                #expect(limits() == [16_384, 65_536])
                try link.transport.setWriteBufferLimits(high: 1024, low: nil)
                #expect(limits() == [256, 1024])
                try link.transport.setWriteBufferLimits(high: nil, low: 1024)
                #expect(limits() == [1024, 4096])
                try link.transport.setWriteBufferLimits(high: 50, low: 50)
                #expect(limits() == [50, 50])
                try link.transport.setWriteBufferLimits(high: 0, low: nil)
                #expect(limits() == [0, 0])
                try link.transport.setWriteBufferLimits(high: 7, low: 3)
                for (high, low) in [(1, 2), (-1, nil), (0, -1), (nil, -1), (nil, Int.min)] as [(Int?, Int?)] {
                    let error = try await loopError { try link.transport.setWriteBufferLimits(high: high, low: low) }
                    #expect(error.code == .invalidArgument)
                    #expect(error.operation == "setWriteBufferLimits")
                    #expect(error.description.contains("must be >= low"))
                    #expect(limits() == [3, 7], "the former limits changed")
                }
                try link.transport.setWriteBufferLimits(high: nil, low: .max)
                #expect(limits() == [.max, .max])
                try link.transport.setWriteBufferLimits(high: nil, low: nil)
                #expect(limits() == [16_384, 65_536])
            }
        }

        /// TRANSPORT-010 TRANSPORT-012 TRANSPORT-017.
        ///
        /// Bytes in flight count, so the result does not depend on the speed of the kernel (TRANSPORT-015).
        @Test(arguments: LoopKind.allCases)
        func pauseWriting_isCalledWithinTheWrite_thatExceedsTheHighLimit(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                try link.transport.setWriteBufferLimits(high: 1000, low: nil)
                link.transport.write(Pattern.bytes(1000))
                #expect(link.told.events == [.made], "exactly the limit")
                link.transport.write(Pattern.bytes(1, at: 1000))
                #expect(link.told.events == [.made, .pause])
                link.transport.write(Pattern.bytes(999, at: 1001))
                #expect(link.told.events == [.made, .pause], "once")
                #expect(link.transport.writeBufferSize == 2000)
                try await link.told.wait { link.told.events == [.made, .pause, .resume] }
                link.transport.writeEOF()
                let answer = try await link.onPeer { try $0.receivePattern() }
                #expect(answer == 2000)
            }
        }

        /// TRANSPORT-010 TRANSPORT-011.
        @Test(arguments: LoopKind.allCases)
        func resumeWriting_isCalledAtTheLowLimit_andAlternatesWithPause(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                var sizes: [Int] = []
                link.told.when = { [unowned told = link.told] in
                    if $0 == .resume { sizes.append(told.transport?.writeBufferSize ?? -1) }
                }
                let received = link.startPeer { try $0.receivePattern() }
                for number in 0..<10 {
                    link.transport.write(Pattern.bytes(8 << 20, at: number * (8 << 20)))
                    #expect(link.told.events.last == .pause)
                    try await link.told.wait { link.told.events.last == .resume }
                }
                link.transport.writeEOF()
                #expect(try await received.value == 80 << 20)
                let alternating = (0..<10).flatMap { _ in [ProtocolRecorder.Event.pause, .resume] }
                #expect(link.told.events == [.made] + alternating)
                #expect(sizes.allSatisfy { (0...16_384).contains($0) })
            }
        }

        /// TRANSPORT-013.
        @Test(arguments: LoopKind.allCases)
        func settingLimits_pausesAtOnce_whenMoreIsBuffered(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.write(Pattern.bytes(100))
                #expect(link.told.events == [.made])
                try link.transport.setWriteBufferLimits(high: 99, low: nil)
                #expect(link.told.events == [.made, .pause])
                try await link.told.wait { link.told.events == [.made, .pause, .resume] }
            }
        }

        /// TRANSPORT-013 TRANSPORT-019.
        ///
        /// The dropped bytes counted until the channel was closed.
        @Test(arguments: LoopKind.allCases)
        func settingLimits_doesNotPause_afterAnAbort(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                try link.transport.setWriteBufferLimits(high: 32 << 20, low: nil)
                link.transport.write(Pattern.bytes(16 << 20))
                try await link.loop.turns()
                link.transport.abort()
                #expect(link.transport.writeBufferSize == 0)
                try link.transport.setWriteBufferLimits(high: 0, low: nil)
                #expect(link.transport.writeBufferLimits.high == 0)
                try await link.told.waitUntilLost()
                #expect(link.told.events == [.made, .lost])
            }
        }

        /// TRANSPORT-014.
        @Test(arguments: LoopKind.allCases)
        func limitOfZero_pausesForAnyByte_andResumesWhenEmpty(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                try link.transport.setWriteBufferLimits(high: 0, low: nil)
                var sizes: [Int] = []
                link.told.when = { [unowned told = link.told] in
                    if $0 == .resume { sizes.append(told.transport?.writeBufferSize ?? -1) }
                }
                for _ in 0..<3 {
                    link.transport.write([1])
                    #expect(link.told.events.last == .pause)
                    try await link.told.wait { link.told.events.last == .resume }
                }
                #expect(sizes == [0, 0, 0])
            }
        }

        /// TRANSPORT-018.
        @Test(arguments: LoopKind.allCases)
        func resumeWriting_mayWrite_toItsOwnAndToAnotherTransport(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let (socket, otherPeer) = try RawPeer.pair()
                let (other, heard) = try await link.loop.createConnection(socket: socket) { StreamRecorder(link.loop) }
                link.told.when = { [unowned told = link.told] in
                    guard $0 == .resume, told.count(.resume) <= 3 else { return }
                    told.transport?.write(Array(repeating: UInt8(told.count(.resume)), count: 100_000))
                    other.write([UInt8(told.count(.resume))])
                }
                link.transport.write(Array(repeating: 0, count: 100_000))
                let received = try await link.onPeer { try $0.receive(400_000) }
                #expect(received == (0...3).flatMap { Array(repeating: UInt8($0), count: 100_000) })
                let answer = try await onThread { try otherPeer.receive(3) }
                #expect(answer == [1, 2, 3])
                other.close()
                try await heard.waitUntilLost()
            }
        }

        /// TRANSPORT-019 TRANSPORT-027.
        @Test(arguments: LoopKind.allCases)
        func resumeWriting_isNotCalled_afterAnAbort(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                link.transport.write(Pattern.bytes(16 << 20))
                try await link.loop.turns()
                link.transport.abort()
                try await link.told.waitUntilLost()
                #expect(link.told.events == [.made, .pause, .lost])
                #expect(link.told.loss == nil)
                #expect(link.transport.writeBufferSize == 0)
            }
        }

        /// TRANSPORT-049.
        @Test(arguments: LoopKind.allCases)
        func pausedReader_pausesTheSender_throughTCP(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                visitors.prepare = { visitor in
                    visitor.keepsBytes = false
                    visitor.when = { [unowned visitor] in if $0 == .made { visitor.transport?.pauseReading() } }
                }
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: server.port) {
                    StreamRecorder(loop)
                }
                let size = 128 << 20
                transport.write(Pattern.bytes(size))
                try await told.wait { told.events == [.made, .pause] }
                let waiting = try await loop.settled { transport.writeBufferSize }
                #expect(waiting > size / 2, "the kernel's buffers hold a few dozen megabytes at most")
                #expect(told.events == [.made, .pause])
                #expect(visitors.all[0].total == 0)
                visitors.all[0].transport?.resumeReading()
                try await told.wait { told.events == [.made, .pause, .resume] }
                transport.close()
                try await visitors.all[0].waitUntilLost()
                #expect(visitors.all[0].total == size)
                try await told.waitUntilLost()
                server.close()
            }
        }

        /// TRANSPORT-049.
        ///
        /// The receive in flight is cancelled, whatever its state.
        @Test(arguments: LoopKind.allCases)
        func pausedReader_stopsTheKernel_duringAFlow(_ kind: LoopKind) async throws {
            for pieces in 1...20 {
                try await withLink(kind) { link in
                    link.told.keepsBytes = false
                    link.told.when = { [unowned told = link.told] in
                        if $0 == .data, told.pieces.count == pieces { told.transport?.pauseReading() }
                    }
                    let sent = Progress()
                    let sending = link.startPeer { peer in
                        let piece = Pattern.bytes(1 << 18)
                        // This thread ends when the connection is aborted.
                        while (try? peer.send(piece)) != nil { sent.bytes.add(piece.count, ordering: .relaxed) }
                    }
                    try await link.told.wait { link.told.pieces.count == pieces }
                    let stopped = try await link.loop.settled { sent.bytes.load(ordering: .relaxed) }
                    #expect(stopped < 128 << 20, "the kernel's buffers hold a few dozen megabytes at most")
                    #expect(link.told.pieces.count == pieces)
                    link.transport.abort()
                    try await sending.value
                }
            }
        }
    }
}
