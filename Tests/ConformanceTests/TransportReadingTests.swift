import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct TransportReading {
        /// Pauses reading in `connectionMade`.
        @Sendable private static func paused(_ loop: any AbstractEventLoop) -> StreamRecorder {
            let told = StreamRecorder(loop)
            told.when = { [unowned told] in if $0 == .made { told.transport?.pauseReading() } }
            return told
        }

        /// TRANSPORT-040 TRANSPORT-041 TRANSPORT-042 TRANSPORT-048.
        @Test(arguments: LoopKind.allCases)
        func pauseReading_holdsBytesBack_untilResumed(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                #expect(link.transport.isReading)
                link.transport.pauseReading()
                link.transport.pauseReading()
                #expect(!link.transport.isReading)
                try link.peer.send([1, 2])
                try await link.loop.sleep(for: .milliseconds(20))
                try link.peer.send([3])
                try await link.loop.sleep(for: .milliseconds(20))
                #expect(link.told.events == [.made])
                link.transport.resumeReading()
                link.transport.resumeReading()
                #expect(link.transport.isReading)
                #expect(link.told.events == [.made], "delivered within the call")
                try await link.told.wait { link.told.received == [1, 2, 3] }
            }
        }

        /// TRANSPORT-041 TRANSPORT-042.
        @Test(arguments: LoopKind.allCases)
        func pauseAndResume_doNothing_onAClosingTransport(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                link.transport.write(Pattern.bytes(8 << 20))
                link.transport.close()
                #expect(!link.transport.isReading)
                link.transport.pauseReading()
                link.transport.resumeReading()
                #expect(!link.transport.isReading)
                try link.peer.send([1])
                let total = try await link.onPeer { try $0.receivePattern() }
                #expect(total == 8 << 20)
                try await link.told.waitUntilLost()
                link.transport.pauseReading()
                link.transport.resumeReading()
                #expect(!link.transport.isReading)
                #expect(link.told.total == 0)
            }
        }

        /// TRANSPORT-043.
        @Test(arguments: LoopKind.allCases)
        func pauseReadingInConnectionMade_preventsTheFirstReceive(_ kind: LoopKind) async throws {
            try await withLink(kind, Self.paused) { link in
                #expect(!link.transport.isReading)
                try link.peer.send([1, 2, 3])
                try await link.loop.sleep(for: .milliseconds(20))
                #expect(link.told.events == [.made])
                link.transport.resumeReading()
                try await link.told.wait { link.told.received == [1, 2, 3] }
            }
        }

        /// TRANSPORT-044.
        @Test(arguments: LoopKind.allCases)
        func bytesOfThePause_areDeliveredFirst_afterTheResume(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                var total = 0
                for round in 0..<20 {
                    // A receive is in flight; the pause cannot stop its bytes.
                    link.transport.pauseReading()
                    for size in [1, 3000, 20_000] {
                        try link.peer.send(Pattern.bytes(size, at: total))
                        total += size
                        try await link.loop.turns(round)
                    }
                    let before = link.told.total
                    try await link.loop.turns()
                    #expect(link.told.total == before)
                    link.transport.resumeReading()
                    try link.peer.send(Pattern.bytes(10, at: total))
                    total += 10
                    try await link.told.wait { link.told.total == total }
                }
                expectSame(link.told.received, Pattern.bytes(total))
            }
        }

        /// TRANSPORT-045.
        @Test(arguments: LoopKind.allCases)
        func pauseAndResumeAtOnce_neitherDoublesNorReorders(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let size = 200_000
                let sent = link.startPeer { peer in
                    for start in stride(from: 0, to: size, by: 50) { try peer.send(Pattern.bytes(50, at: start)) }
                }
                link.told.when = { [unowned told = link.told] in
                    guard $0 == .data else { return }
                    told.transport?.pauseReading()
                    told.transport?.resumeReading()
                }
                while link.told.total < size {
                    link.transport.pauseReading()
                    link.transport.resumeReading()
                    link.transport.pauseReading()
                    try await link.loop.sleep(for: .zero)
                    link.transport.resumeReading()
                    try await link.loop.sleep(for: .zero)
                }
                try await sent.value
                expectSame(link.told.received, Pattern.bytes(size))
            }
        }

        /// TRANSPORT-046 TRANSPORT-037.
        @Test(arguments: LoopKind.allCases)
        func endOfStream_isReported_onlyOnceReadingIsResumed(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.told.disposition = .keepOpen
                link.transport.pauseReading()
                try link.peer.send([1])
                try link.peer.finishSending()
                try await link.loop.sleep(for: .milliseconds(30))
                #expect(link.told.events == [.made])
                link.transport.resumeReading()
                try await link.told.wait { link.told.events == [.made, .data, .eof] }
                link.transport.pauseReading()
                link.transport.resumeReading()
                try await link.loop.turns(20)
                #expect(link.told.events == [.made, .data, .eof], "once")
                #expect(!link.transport.isReading)
            }
        }

        /// TRANSPORT-047.
        @Test(arguments: LoopKind.allCases)
        func dataReceived_isNotCalledAgain_whenItPausesReading(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.told.when = { [unowned told = link.told] in if $0 == .data { told.transport?.pauseReading() } }
                // More than one receive buffer holds, all available at once.
                try link.peer.send(Pattern.bytes(100_000))
                var calls = 0
                while link.told.total < 100_000 {
                    calls += 1
                    try await link.told.wait { link.told.pieces.count == calls }
                    try await link.loop.turns(5)
                    #expect(link.told.pieces.count == calls)
                    link.transport.resumeReading()
                }
                expectSame(link.told.received, Pattern.bytes(100_000))
                #expect(calls > 1)
            }
        }

        /// TRANSPORT-040 TRANSPORT-044.
        ///
        /// Every byte of 40 MB, with pauses at random moments.
        @Test(arguments: LoopKind.allCases, [1, 2, 3] as [UInt64])
        func soak_losesNoByte_withPausesAtRandom(_ kind: LoopKind, seed: UInt64) async throws {
            let size = 40 << 20
            try await withLink(kind) { link in
                var dice = SeededRandom(seed)
                let sent = link.startPeer { peer in
                    var dice = SeededRandom(seed &+ 100)
                    var total = 0
                    while total < size {
                        let most = 1 << Int.random(in: 0...18, using: &dice)
                        let piece = min(size - total, Int.random(in: 1...most, using: &dice))
                        try peer.send(Pattern.bytes(piece, at: total))
                        total += piece
                        if Int.random(in: 0..<64, using: &dice) == 0 {
                            usleep(UInt32.random(in: 0...2000, using: &dice))
                        }
                    }
                    try peer.finishSending()
                }
                link.told.keepsBytes = false
                link.told.checksPattern = true
                link.told.when = { [unowned told = link.told] in
                    guard $0 == .data, Int.random(in: 0..<8, using: &dice) == 0 else { return }
                    told.transport?.pauseReading()
                    switch Int.random(in: 0..<4, using: &dice) {
                    case 0: told.transport?.resumeReading()
                    case 1: told.loop.callSoon { told.transport?.resumeReading() }
                    default:
                        told.loop.callLater(.microseconds(Int.random(in: 0...3000, using: &dice))) {
                            told.transport?.resumeReading()
                        }
                    }
                }
                try await link.told.wait { link.told.count(.eof) == 1 }
                try await sent.value
                #expect(link.told.total == size)
                #expect(link.told.firstWrong == nil)
            }
        }
    }
}
