import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// A connection switches between protocols that are lent memory and those that supply it.
    @Suite struct ProtocolSwitching {
        /// TRANSPORT-054 BUFPROTO-010.
        @Test(arguments: LoopKind.allCases)
        func setProtocol_losesNoByte_betweenKinds(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let buffered = BufferedRecorder(link.loop, size: 64)
                buffered.connectionMade(link.transport)
                try link.peer.send([1])
                try await link.told.wait { link.told.received == [1] }
                try link.transport.setProtocol(buffered)
                try link.peer.send(Pattern.bytes(1000))
                try await buffered.wait { buffered.total == 1000 }
                expectSame(buffered.received, Pattern.bytes(1000))
                // The kernel already has the memory of the other protocol.
                try link.transport.setProtocol(link.told)
                try link.peer.send([2])
                try await link.told.wait { link.told.received == [1, 2] }
                #expect(buffered.total == 1000)
            }
        }

        /// TRANSPORT-054.
        ///
        /// Bytes that were received into the memory of the first protocol go to two others.
        ///
        /// Regression test: the rest, and everything after it, was held for a resume that never happened.
        @Test(arguments: LoopKind.allCases)
        func setProtocol_withinBufferUpdated_deliversTheRestToTheNewProtocol(_ kind: LoopKind) async throws {
            try await withLink(kind, BufferedRecorder.sized(10_000)) { link in
                try await link.loop.turns()
                let (small, last) = (BufferedRecorder(link.loop, size: 1000), StreamRecorder(link.loop))
                small.connectionMade(link.transport)
                last.connectionMade(link.transport)
                small.when = { [unowned small] in if $0 == .data { try? small.transport?.setProtocol(last) } }
                try link.transport.setProtocol(small)
                try link.peer.send(Pattern.bytes(10_000))
                try await last.wait(atMost: .seconds(5)) { small.total + last.total == 10_000 }
                expectSame(small.received, Pattern.bytes(1000))
                expectSame(last.received, Pattern.bytes(9000, at: 1000))
                #expect(link.told.total == 0)
                try link.transport.setProtocol(link.told)
            }
        }

        /// TRANSPORT-054; the former protocol object is released as soon as nothing needs its memory.
        ///
        /// It was kept with its buffer until the next one supplied memory, which a stream protocol never does.
        @Test(arguments: LoopKind.allCases)
        func formerProtocol_isReleased_onceTheReceiveIntoItsMemoryHasCompleted(_ kind: LoopKind) async throws {
            for pauses in [false, true] {
                try await withLink(kind) { link in
                    weak var former: BufferedRecorder?
                    do {
                        let buffered = BufferedRecorder(link.loop, size: 100)
                        former = buffered
                        buffered.connectionMade(link.transport)
                        try link.transport.setProtocol(buffered)
                        try link.peer.send([1])
                        try await buffered.wait { buffered.received == [1] }
                    }
                    // The next receive into its memory is in flight on a proactor.
                    try await link.loop.turns()
                    if pauses { link.transport.pauseReading() }
                    try link.transport.setProtocol(link.told)
                    try await link.loop.turns()
                    #expect(former == nil || kind == .proactor, "nothing needs the memory")
                    if pauses { link.transport.resumeReading() }
                    try link.peer.send([2])
                    try await link.told.wait { link.told.received == [2] }
                    try await link.loop.eventually("the former protocol object is released") { former == nil }
                    #expect(!link.transport.isClosing)
                }
            }
        }

        /// TRANSPORT-054; the former protocol object is released as soon as nothing needs its memory.
        @Test(arguments: LoopKind.allCases)
        func formerProtocol_isReleased_whenItReplacesItself(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                weak var former: BufferedRecorder?
                do {
                    let buffered = BufferedRecorder(link.loop, size: 100)
                    former = buffered
                    buffered.connectionMade(link.transport)
                    let (transport, next) = (link.transport, link.told)
                    buffered.when = { if $0 == .data { try? transport.setProtocol(next) } }
                    try link.transport.setProtocol(buffered)
                    try link.peer.send([1])
                    try await buffered.wait { buffered.received == [1] }
                }
                try await link.loop.eventually("the former protocol object is released") { former == nil }
                try link.peer.send([2])
                try await link.told.wait { link.told.received == [2] }
            }
        }

        /// TRANSPORT-054; the former protocol object is not released before its memory is read.
        ///
        /// Regression test: bytes that the new one had not taken when it paused were read from released memory.
        @Test(arguments: LoopKind.allCases)
        func formerProtocolsMemory_isRead_beforeItIsReleased(_ kind: LoopKind) async throws {
            let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
            defer { memory.deallocate() }
            nonisolated(unsafe) let lasting = memory
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                defer { peer.close() }
                let transport = try await loop.createConnection(socket: socket) { Overwriting(lasting) }.0
                try await loop.turns()
                let taker = BufferedRecorder(loop, size: 100)
                taker.connectionMade(transport)
                taker.when = { if $0 == .data { transport.pauseReading() } }
                try transport.setProtocol(taker)
                try await loop.turns()
                try peer.send(Pattern.bytes(4000))
                try await loop.eventually("all bytes are delivered") {
                    transport.resumeReading()
                    return taker.total == 4000
                }
                expectSame(taker.received, Pattern.bytes(4000))
                transport.abort()
                try await taker.waitUntilLost()
            }
        }

        /// TRANSPORT-054 BUFPROTO-009.
        ///
        /// The rest is copied to memory into which later bytes must not be received yet.
        @Test(arguments: LoopKind.allCases)
        func setProtocol_keepsTheOrder_whenTheRestWaitsForAResume(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let (loop, transport, told) = (link.loop, link.transport, link.told)
                let buffered = Accumulating(60_000)
                told.when = { event in
                    guard event == .data else { return }
                    try? transport.setProtocol(buffered)
                    transport.pauseReading()
                    loop.callSoon { transport.resumeReading() }
                }
                defer { told.when = { _ in } }
                try link.peer.send(Pattern.bytes(40_000))
                try await loop.eventually("the rest is delivered") { told.total + buffered.count == 40_000 }
                try link.peer.send(Pattern.bytes(10_000, at: 40_000))
                try await loop.eventually("all bytes are delivered") { told.total + buffered.count == 50_000 }
                expectSame(told.received + buffered.received, Pattern.bytes(50_000))
                try transport.setProtocol(told)
            }
        }

        /// A protocol with one buffer for all bytes; it always supplies the unfilled part.
        private final class Accumulating: BufferedProtocol {
            private let memory: UnsafeMutableRawBufferPointer
            private(set) var count = 0

            init(_ size: Int) {
                memory = .allocate(byteCount: size, alignment: 16)
            }

            deinit {
                memory.deallocate()
            }

            var received: [UInt8] { Array(memory[..<count]) }

            func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
                UnsafeMutableRawBufferPointer(rebasing: memory[count...])
            }

            func bufferUpdated(_ count: Int) {
                self.count += count
            }
        }

        /// TRANSPORT-054.
        ///
        /// Only the transport retains the protocol object, and releases it within its upcall.
        @Test(arguments: LoopKind.allCases)
        func protocolThatReplacesItself_livesUntilItsUpcallReturns(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let life = Life(wasOverInUpcall: link.loop.createFuture())
                try link.transport.setProtocol(Replacing(link.transport, by: link.told, life))
                try link.peer.send([1])
                let wasOver = try await link.loop.waitFor(life.wasOverInUpcall, timeout: .seconds(5))
                #expect(!wasOver)
                try await link.loop.turns()
                #expect(life.isOver)
                try link.peer.send([2])
                try await link.told.wait { link.told.received == [2] }
            }
        }

        /// The state of a protocol object.
        private final class Life {
            var isOver = false
            let wasOverInUpcall: Future<Bool>

            init(wasOverInUpcall: Future<Bool>) {
                self.wasOverInUpcall = wasOverInUpcall
            }
        }

        private final class Replacing: StreamProtocol {
            private let transport: any StreamTransport
            private let successor: any StreamProtocol
            private let life: Life

            init(_ transport: any StreamTransport, by successor: any StreamProtocol, _ life: Life) {
                self.transport = transport
                self.successor = successor
                self.life = life
            }

            deinit {
                life.isOver = true
            }

            func dataReceived(_ data: RawSpan) {
                // Released with the object, if that is released too early.
                let life = life
                try? transport.setProtocol(successor)
                try? life.wasOverInUpcall.setResult(life.isOver)
            }
        }

        /// TRANSPORT-054.
        ///
        /// The protocol is switched within an upcall, in the middle of received bytes, in both directions.
        @Test(arguments: LoopKind.allCases)
        func setProtocol_switchesKinds_duringAFlow(_ kind: LoopKind) async throws {
            let size = 16 << 20
            try await withLink(kind) { link in
                let tally = Tally()
                let loop = link.loop
                let transport = link.transport
                let others: [ProtocolRecorder] = [
                    BufferedRecorder(loop, size: 5000), StreamRecorder(loop), BufferedRecorder(loop, size: 100_000),
                ]
                for other in others { other.connectionMade(transport) }
                let all = [link.told] + others
                // Each protocol retains all the others, through the transport that it switches.
                defer { for told in all { told.when = { _ in } } }
                var dice = SeededRandom(5)
                var scheduled = 0
                func later(_ body: @escaping () throws -> Void) {
                    scheduled += 1
                    loop.callLater(.microseconds(Int.random(in: 0...300, using: &dice))) {
                        scheduled -= 1
                        try body()
                    }
                }
                for told in all {
                    told.keepsBytes = false
                    told.disposition = .keepOpen
                    told.look = { tally.add($0) }
                    told.when = { event in
                        guard event == .data, Int.random(in: 0..<5, using: &dice) == 0 else { return }
                        let next = all.randomElement(using: &dice) ?? link.told
                        switch Int.random(in: 0..<4, using: &dice) {
                        case 0: try? transport.setProtocol(next)
                        case 1: later { try transport.setProtocol(next) }
                        case 2:
                            transport.pauseReading()
                            try? transport.setProtocol(next)
                            later { transport.resumeReading() }
                        default:
                            transport.pauseReading()
                            later {
                                try transport.setProtocol(next)
                                transport.resumeReading()
                            }
                        }
                    }
                }
                let sent = link.startPeer { peer in
                    for start in stride(from: 0, to: size, by: 65_536) {
                        try peer.send(Pattern.bytes(65_536, at: start))
                    }
                    try peer.finishSending()
                }
                try await loop.eventually("the end") { scheduled == 0 && all.contains { $0.count(.eof) == 1 } }
                try await sent.value
                #expect(tally.total == size)
                #expect(tally.isRight)
                #expect(all.allSatisfy { $0.total > 0 }, "a protocol received nothing: \(all.map(\.total))")
                try transport.setProtocol(link.told)
            }
        }

        /// The bytes of one stream that several protocols received.
        private final class Tally {
            private(set) var total = 0
            private(set) var isRight = true

            func add(_ bytes: UnsafeRawBufferPointer) {
                isRight = isRight && Pattern.matches(bytes, at: total)
                total += bytes.count
            }
        }
    }
}

/// Supplies memory that outlives it, and overwrites it when it is released.
private final class Overwriting: BufferedProtocol {
    private let memory: UnsafeMutableRawBufferPointer

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    deinit {
        memory.initializeMemory(as: UInt8.self, repeating: 0xDD)
    }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer { memory }
    func bufferUpdated(_ count: Int) {}
}
