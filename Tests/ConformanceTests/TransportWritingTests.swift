import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct TransportWriting {
        /// TRANSPORT-001 TRANSPORT-006 TRANSPORT-007.
        @Test(arguments: LoopKind.allCases)
        func writes_arriveInOrder_fromOneByteToEightMegabytes(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let received = link.startPeer { try $0.receivePattern() }
                var total = 0
                for shift in 0...23 {
                    for size in [1 << shift, (1 << shift) - 1] {
                        link.transport.write(Pattern.bytes(size, at: total))
                        total += size
                        // Some turns combine many writes into one send, others have one write per send.
                        if shift % 3 == 0 { try await link.loop.turns(2) }
                    }
                }
                #expect(link.transport.writeBufferSize > 0)
                link.transport.writeEOF()
                #expect(try await received.value == total)
                #expect(link.transport.writeBufferSize == 0)
            }
        }

        /// TRANSPORT-002.
        @Test(arguments: LoopKind.allCases)
        func write_doesNothing_withoutBytes(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.write([])
                link.transport.write("")
                #expect(link.transport.writeBufferSize == 0)
                link.transport.write([1])
                link.transport.write([])
                link.transport.write([UInt8]().span.bytes)
                #expect(link.transport.writeBufferSize == 1)
                link.transport.writeEOF()
                let answer = try await link.onPeer { try $0.receiveAll() }
                #expect(answer == [1])
            }
        }

        /// TRANSPORT-004.
        ///
        /// Large arrays are retained instead of copied; spans are always copied.
        @Test(arguments: LoopKind.allCases)
        func write_sendsTheOriginalBytes_whenTheCallerChangesThemLater(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                var total = 0
                for size in [100, 16 * 1024 - 1, 16 * 1024, 1 << 20, 3 << 20] {
                    var array = Pattern.bytes(size, at: total)
                    link.transport.write(array)
                    for index in stride(from: 0, to: size, by: 97) { array[index] = ~array[index] }
                    total += size
                    var spanned = Pattern.bytes(size, at: total)
                    link.transport.write(spanned.span.bytes)
                    for index in stride(from: 0, to: size, by: 97) { spanned[index] = ~spanned[index] }
                    total += size
                    array.removeAll()
                }
                link.transport.writeEOF()
                let received = try await link.onPeer { try $0.receivePattern() }
                #expect(received == total)
            }
        }

        /// TRANSPORT-005.
        @Test(arguments: LoopKind.allCases)
        func writeLines_isLikeOneWriteOfAllPieces(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                link.transport.writeLines([[1, 2], [], [3], Array(repeating: 4, count: 40_000)])
                link.transport.writeLines([[5]])
                #expect(link.transport.writeBufferSize == 40_004)
                link.transport.writeEOF()
                let all = try await link.onPeer { try $0.receiveAll() }
                #expect(all == [1, 2, 3] + Array(repeating: 4, count: 40_000) + [5])
            }
        }

        #if DEBUG
            /// TRANSPORT-006 TRANSPORT-067.
            @Test(arguments: LoopKind.allCases)
            func restOfAShortSend_isSentBeforeLaterWrites(_ kind: LoopKind) async throws {
                try await withLink(kind) { link in
                    let faults = LoopFaults(link.loop)
                    defer { faults.remove() }
                    faults.inject(.limit(701), into: .send)
                    faults.inject(.limit(1999), into: .sendMessage)
                    faults.inject(.refuse(.interrupted), into: .send, 3)
                    faults.inject(.refuse(.resourceTemporarilyUnavailable), into: .sendMessage, 2)
                    var total = 0
                    for size in [5000, 20_000, 10, 40_000, 3, 17_000, 1, 1] {
                        link.transport.write(Pattern.bytes(size, at: total))
                        total += size
                        try await link.loop.turns(2)
                    }
                    link.transport.writeEOF()
                    let received = try await link.onPeer { try $0.receivePattern() }
                    #expect(received == total)
                    #expect(faults.strikes > 20)
                }
            }
        #endif

        /// TRANSPORT-062.
        @Test(arguments: LoopKind.allCases, [true, false])
        func tenThousandWrites_allArrive(_ kind: LoopKind, drains: Bool) async throws {
            try await withLink(kind) { link in
                let received = link.startPeer { peer in
                    var total = 0
                    while true {
                        let piece = try peer.receiveSome(1 << 18)
                        if piece.isEmpty { return total }
                        total += piece.count
                    }
                }
                let piece = Pattern.bytes(20 * 1024)
                for _ in 0..<10_000 {
                    link.transport.write(piece)
                    if drains { try await link.told.wait { link.told.count(.pause) == link.told.count(.resume) } }
                }
                link.transport.writeEOF()
                #expect(try await received.value == 10_000 * 20 * 1024)
            }
        }

        /// TRANSPORT-004.
        ///
        /// Lent memory is shared while it waits to be sent, and must not be refilled meanwhile.
        @Test(arguments: LoopKind.allCases)
        func lentBytes_areSentUnchanged_whileTheKernelContinuesToReceive(_ kind: LoopKind) async throws {
            try await withLink(kind, EchoRecorder.init, receiveBuffer: 4096) { link in
                link.told.keepsBytes = false
                link.told.disposition = .keepOpen
                let sent = link.startPeer { peer in
                    for number in 0..<64 { try peer.send(Pattern.bytes(65_536, at: number * 65_536)) }
                    try peer.finishSending()
                }
                try await link.told.wait { link.told.count(.eof) == 1 }
                #expect(link.transport.writeBufferSize > 1 << 20, "nothing was buffered")
                link.transport.writeEOF()
                let answer = try await link.onPeer { try $0.receivePattern() }
                #expect(answer == 64 * 65_536)
                try await sent.value
            }
        }
    }
}
