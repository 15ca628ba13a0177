import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct BufferedProtocols {
        /// BUFPROTO-001 BUFPROTO-002 BUFPROTO-009.
        ///
        /// The recorder overwrites its memory before it supplies it.
        @Test(arguments: LoopKind.allCases)
        func memory_isFilled_beforeBufferUpdated(_ kind: LoopKind) async throws {
            try await withLink(kind, BufferedRecorder.sized(4096)) { link in
                var total = 0
                for size in [1, 100, 4096, 4097, 50_000] {
                    try link.peer.send(Pattern.bytes(size, at: total))
                    total += size
                    try await link.told.wait { link.told.total == total }
                }
                expectSame(link.told.received, Pattern.bytes(total))
                #expect(link.told.pieces.allSatisfy { (1...4096).contains($0) })
                #expect(link.told.hints.allSatisfy { $0 == -1 || $0 > 0 })
                link.transport.write([1])
                let answer = try await link.onPeer { try $0.receive(1) }
                #expect(answer == [1])
            }
        }

        /// BUFPROTO-002 BUFPROTO-007.
        @Test(arguments: LoopKind.allCases, [1, 50])
        func smallMemory_isFilledRepeatedly_untilAllBytesAreDelivered(_ kind: LoopKind, size: Int) async throws {
            try await withLink(kind, BufferedRecorder.sized(size)) { link in
                let total = size == 1 ? 5000 : 123_123
                try link.peer.send(Pattern.bytes(total))
                try await link.told.wait { link.told.total == total }
                expectSame(link.told.received, Pattern.bytes(total))
                #expect(link.told.pieces.allSatisfy { $0 <= size })
            }
        }

        /// BUFPROTO-003.
        @Test(arguments: LoopKind.allCases)
        func emptyMemory_breaksTheConnection(_ kind: LoopKind) async throws {
            try await withLink(kind, BufferedRecorder.sized(100)) { link in
                try link.peer.send([1])
                try await link.told.wait { link.told.received == [1] }
                link.told.size = 0
                // The ring already has memory for these bytes; a selector loop asks for it once bytes are available.
                try link.peer.send([2])
                try await link.told.waitUntilLost()
                let error = link.told.loss as? EventLoopError
                #expect(error?.code == .protocolBroken)
                #expect(error?.operation == "getBuffer")
                #expect(error?.description.contains("empty buffer") == true)
                #expect(link.told.received == (kind == .proactor ? [1, 2] : [1]))
                let contexts = link.exceptions.take()
                #expect(contexts.map(\.message) == ["Fatal error: protocol.getBuffer() call failed."])
                #expect(contexts.first?.transport === link.transport)
                #expect(contexts.first?.protocol === link.told)
                // Bytes that are not received turn the close into a reset.
                let rest = try await link.onPeer { (try? $0.receiveAll()) ?? [] }
                #expect(rest == [])
            }
        }

        /// BUFPROTO-003.
        @Test(arguments: LoopKind.allCases)
        func emptyMemory_breaksTheConnection_atOnce(_ kind: LoopKind) async throws {
            try await withLink(kind, BufferedRecorder.sized(0)) { link in
                // May fail: if the ring has already asked for memory, it may have reset the connection.
                try? link.peer.send([1])
                try await link.told.waitUntilLost()
                #expect((link.told.loss as? EventLoopError)?.code == .protocolBroken)
                #expect(link.exceptions.take().count == 1)
            }
        }

        /// BUFPROTO-006.
        @Test(arguments: LoopKind.allCases, [EOFDisposition.close, .keepOpen])
        func endOfStream_isReportedAsToStreamProtocols(_ kind: LoopKind, disposition: EOFDisposition) async throws {
            try await withLink(kind, BufferedRecorder.sized(64)) { link in
                link.told.disposition = disposition
                try link.peer.send([1])
                try link.peer.finishSending()
                try await link.told.wait { link.told.count(.eof) == 1 }
                if disposition == .keepOpen {
                    try await link.loop.turns(10)
                    #expect(!link.transport.isClosing)
                    link.transport.write([2])
                    link.transport.close()
                }
                try await link.told.waitUntilLost()
                #expect(link.told.events == [.made, .data, .eof, .lost])
                #expect(link.told.loss == nil)
                let all = try await link.onPeer { try $0.receiveAll() }
                #expect(all == (disposition == .keepOpen ? [2] : []))
            }
        }

        /// BUFPROTO-010.
        ///
        /// Bytes that were held during a pause are delivered in pieces of the protocol's size.
        @Test(arguments: LoopKind.allCases)
        func heldBytes_areDeliveredInPiecesOfTheMemory(_ kind: LoopKind) async throws {
            try await withLink(kind, BufferedRecorder.sized(1000)) { link in
                link.transport.pauseReading()
                try link.peer.send(Pattern.bytes(10_500))
                try await link.loop.sleep(for: .milliseconds(30))
                #expect(link.told.total == 0)
                link.transport.resumeReading()
                #expect(link.told.total == 0, "delivered within the call")
                try await link.told.wait { link.told.total == 10_500 }
                expectSame(link.told.received, Pattern.bytes(10_500))
                #expect(link.told.pieces.allSatisfy { $0 <= 1000 })
            }
        }

        /// BUFPROTO-011.
        @Test(arguments: LoopKind.allCases)
        func connectionLost_reportsTheReset(_ kind: LoopKind) async throws {
            try await withLink(kind, BufferedRecorder.sized(64)) { link in
                try await link.loop.turns()
                link.peer.reset()
                try await link.told.waitUntilLost()
                #expect((link.told.loss as? EventLoopError)?.errno == .connectionReset)
                #expect(link.told.events == [.made, .lost])
            }
        }

        /// BUFPROTO-001 TRANSPORT-027: the kernel may write to the memory until the connection is lost.
        @Test(arguments: LoopKind.allCases)
        func abort_endsTheReceive_thatHasTheMemory(_ kind: LoopKind) async throws {
            for turns in 0..<5 {
                try await withLink(kind, BufferedRecorder.sized(64)) { link in
                    try await link.loop.turns(turns)
                    try link.peer.send([1, 2, 3])
                    link.transport.abort()
                    try await link.told.waitUntilLost()
                    #expect(link.told.total == 0)
                }
            }
        }

        /// TRANSPORT-047.
        @Test(arguments: LoopKind.allCases)
        func bufferUpdated_isNotCalledAgain_whenItPausesReading(_ kind: LoopKind) async throws {
            try await withLink(kind, BufferedRecorder.sized(1000)) { link in
                link.told.when = { [unowned told = link.told] in if $0 == .data { told.transport?.pauseReading() } }
                try link.peer.send(Pattern.bytes(50_500))
                var calls = 0
                while link.told.total < 50_500 {
                    calls += 1
                    try await link.told.wait { link.told.pieces.count == calls }
                    try await link.loop.turns(3)
                    #expect(link.told.pieces.count == calls)
                    link.transport.resumeReading()
                }
                expectSame(link.told.received, Pattern.bytes(50_500))
            }
        }

        /// TRANSPORT-047 TRANSPORT-054.
        ///
        /// Bytes that were held for a protocol that is lent memory go to one that supplies a small buffer.
        @Test(arguments: LoopKind.allCases)
        func heldBytes_areNotDelivered_onceBufferUpdatedPausesReading(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.pauseReading()
                try link.peer.send(Pattern.bytes(10_500))
                try await link.loop.sleep(for: .milliseconds(30))
                let buffered = BufferedRecorder(link.loop, size: 1000)
                buffered.connectionMade(link.transport)
                buffered.when = { [unowned buffered] in if $0 == .data { buffered.transport?.pauseReading() } }
                try link.transport.setProtocol(buffered)
                var calls = 0
                while buffered.total < 10_500 {
                    link.transport.resumeReading()
                    calls += 1
                    try await buffered.wait { buffered.pieces.count >= calls }
                    try await link.loop.turns(3)
                    #expect(buffered.pieces.count == calls)
                }
                expectSame(buffered.received, Pattern.bytes(10_500))
                try link.transport.setProtocol(link.told)
            }
        }

        /// TRANSPORT-054.
        ///
        /// The protocol is replaced between two pieces of held bytes.
        @Test(arguments: LoopKind.allCases)
        func heldBytes_goToTheNextProtocol_whenBufferUpdatedChangesIt(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.pauseReading()
                try link.peer.send(Pattern.bytes(10_500))
                try await link.loop.sleep(for: .milliseconds(30))
                let (small, large) = (BufferedRecorder(link.loop, size: 1000), BufferedRecorder(link.loop, size: 4000))
                small.connectionMade(link.transport)
                large.connectionMade(link.transport)
                small.when = { [unowned small] in if $0 == .data { try? small.transport?.setProtocol(large) } }
                try link.transport.setProtocol(small)
                link.transport.resumeReading()
                try await link.loop.eventually("all bytes", within: .seconds(5)) { small.total + large.total >= 10_500 }
                expectSame(small.received, Pattern.bytes(1000))
                expectSame(large.received, Pattern.bytes(9500, at: 1000))
                try link.transport.setProtocol(link.told)
            }
        }

        /// TRANSPORT-040 TRANSPORT-044 BUFPROTO-009.
        ///
        /// Every byte of 40 MB, with pauses at random moments.
        @Test(arguments: LoopKind.allCases, [200, 70_000])
        func soak_losesNoByte_withPausesAtRandom(_ kind: LoopKind, memory: Int) async throws {
            let size = memory < 1000 ? 4 << 20 : 40 << 20
            try await withLink(kind, BufferedRecorder.sized(memory)) { link in
                let sent = link.startPeer { peer in
                    for start in stride(from: 0, to: size, by: 65_536) {
                        try peer.send(Pattern.bytes(65_536, at: start))
                    }
                    try peer.finishSending()
                }
                var dice = SeededRandom(UInt64(memory))
                link.told.keepsBytes = false
                link.told.checksPattern = true
                link.told.when = { [unowned told = link.told] in
                    guard $0 == .data, Int.random(in: 0..<8, using: &dice) == 0 else { return }
                    told.transport?.pauseReading()
                    switch Int.random(in: 0..<4, using: &dice) {
                    case 0: told.transport?.resumeReading()
                    case 1: told.loop.callSoon { told.transport?.resumeReading() }
                    default:
                        told.loop.callLater(.microseconds(Int.random(in: 0...1000, using: &dice))) {
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
