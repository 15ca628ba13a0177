import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// The peer ends the connection abnormally.
    @Suite struct TransportLoss {
        /// TRANSPORT-029 PROTO-002.
        @Test(arguments: LoopKind.allCases)
        func connectionLost_reportsTheReset_whileReading(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                try await link.loop.turns()
                let peerAddress = link.transport.peerAddress
                link.peer.reset()
                try await link.told.waitUntilLost()
                #expect(link.told.events == [.made, .lost])
                let error = link.told.loss as? EventLoopError
                #expect(error?.code == .system)
                #expect(error?.operation == "recv")
                #expect(error?.errno == .connectionReset)
                #expect(error?.detail.contains("broke the connection") == true)
                #expect(error?.address == peerAddress?.description)
                #expect(link.transport.peerAddress == peerAddress)
            }
        }

        /// TRANSPORT-029.
        ///
        /// Bytes and a reset both arrive before the loop polls.
        ///
        /// A multishot receive that polls first delivers the bytes and does not report the reset: such connections used
        /// to stay open.
        @Test(arguments: LoopKind.allCases, [0, 5])
        func connectionLost_reportsAReset_thatArrivedRightAfterBytes(_ kind: LoopKind, turns: Int) async throws {
            try await withLink(kind) { link in
                try await link.loop.turns(turns)
                try link.peer.send([1, 2, 3])
                link.peer.reset()
                try await link.told.wait(atMost: .seconds(5)) { link.told.isLost }
                #expect(link.told.events == [.made, .data, .lost])
                #expect((link.told.loss as? EventLoopError)?.errno == .connectionReset)
            }
        }

        /// TRANSPORT-030.
        ///
        /// The same while reading is paused: asyncio drops the answer.
        ///
        /// The protocol receives the bytes that the kernel still has, and is then notified of the loss.
        @Test(arguments: LoopKind.allCases)
        func lastBytes_areDelivered_evenIfReadingIsPausedAndTheSendFails(_ kind: LoopKind) async throws {
            for pausesAgain in [false, true] {
                try await withLink(kind, receiveBuffer: 4096) { link in
                    let (told, transport) = (link.told, link.transport)
                    told.checksPattern = true
                    if pausesAgain { told.when = { if $0 == .data { transport.pauseReading() } } }
                    transport.pauseReading()
                    transport.write(Pattern.bytes(8 << 20))
                    // Until the kernel's buffers are full.
                    _ = try await link.loop.settled { transport.writeBufferSize }
                    try link.peer.send(Pattern.bytes(40_000))
                    link.peer.close()
                    try await told.waitUntilLost()
                    told.when = { _ in }
                    #expect(told.total == 40_000)
                    #expect(told.firstWrong == nil)
                    #expect(told.conversation == [.made, .data, .lost])
                    #expect(told.errno == .connectionReset || told.errno == .brokenPipe)
                }
            }
        }

        /// TRANSPORT-030.
        ///
        /// What the protocol does with the last bytes: writes are dropped, and closing or aborting ends the delivery.
        @Test(arguments: LoopKind.allCases, [false, true])
        func protocol_mayWriteAndEnd_whileLastBytesAreDelivered(_ kind: LoopKind, aborts: Bool) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                let (told, transport) = (link.told, link.transport)
                told.when = { event in
                    guard event == .data else { return }
                    transport.write([1])
                    if aborts { transport.abort() } else { transport.close() }
                }
                transport.pauseReading()
                transport.write(Pattern.bytes(8 << 20))
                _ = try await link.loop.settled { transport.writeBufferSize }
                try link.peer.send([4, 1, 3])
                link.peer.close()
                try await told.waitUntilLost()
                told.when = { _ in }
                #expect(told.received == [4, 1, 3])
                #expect(told.losses.count == 1)
                #expect(transport.writeBufferSize == 0)
            }
        }

        /// TRANSPORT-030.
        ///
        /// An answer such as "too large" arrives before everything has been sent, followed by the end.
        @Test(arguments: LoopKind.allCases)
        func lastBytes_areDelivered_evenIfTheSendFails(_ kind: LoopKind) async throws {
            for _ in 0..<10 {
                try await withLink(kind, receiveBuffer: 4096) { link in
                    link.transport.write(Pattern.bytes(8 << 20))
                    // Until the kernel's buffers are full.
                    _ = try await link.loop.settled { link.transport.writeBufferSize }
                    // Because of the unread bytes, the close is a reset. Everything arrives while the loop is busy.
                    try link.peer.send([4, 1, 3])
                    link.peer.close()
                    usleep(1000)
                    try await link.told.waitUntilLost()
                    #expect(link.told.received == [4, 1, 3])
                }
            }
        }

        /// TRANSPORT-029.
        @Test(arguments: LoopKind.allCases)
        func connectionLost_reportsEveryReset_howeverSoonItArrives(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let port = server.port
                let callers = (0..<2).map { seed in
                    Task {
                        try await onThread {
                            var dice = SeededRandom(UInt64(seed))
                            func pause() { usleep(UInt32.random(in: 0...200, using: &dice)) }
                            for _ in 0..<200 {
                                let peer = try RawPeer.connect(port)
                                if Bool.random(using: &dice) { pause() }
                                try peer.send([1, 2, 3])
                                if Bool.random(using: &dice) { pause() }
                                peer.reset()
                            }
                        }
                    }
                }
                for caller in callers { try await caller.value }
                try await loop.eventually("every reset is reported", within: .seconds(10)) {
                    visitors.all.count == 400 && visitors.all.allSatisfy { $0.isLost }
                }
                #expect(visitors.all.allSatisfy { ($0.loss as? EventLoopError)?.errno == .connectionReset })
                #expect(visitors.all.allSatisfy { $0.count(.eof) == 0 })
                server.close()
                try await server.waitClosed()
            }
        }

        /// TRANSPORT-026.
        ///
        /// The first five writes may have raced with the end.
        @Test(arguments: LoopKind.allCases)
        func writesAfterTheEnd_areDropped_andLogAWarningFromTheSixthOn(_ kind: LoopKind) async throws {
            try await withLogLater { log in
                try await withLink(kind) { link in
                    link.transport.abort()
                    try await link.told.waitUntilLost()
                    for _ in 0..<5 { link.transport.write("lost") }
                    link.transport.write([UInt8]())
                    #expect(log.texts(.warning) == [])
                    link.transport.write("lost")
                    link.transport.write("lost")
                    #expect(link.transport.writeBufferSize == 0)
                    let warnings = log.texts(.warning)
                    #expect(warnings.count == 2)
                    #expect(warnings.first?.hasPrefix("6 writes after the end") == true)
                    #expect(warnings.last?.hasPrefix("7 writes after the end") == true)
                }
            }
        }

        /// TRANSPORT-026.
        ///
        /// The pieces of one call are one write.
        @Test(arguments: LoopKind.allCases)
        func writesAfterClose_count_whileOlderBytesAreSent(_ kind: LoopKind) async throws {
            try await withLogLater { log in
                try await withLink(kind, receiveBuffer: 4096) { link in
                    link.transport.write(Pattern.bytes(8 << 20))
                    link.transport.close()
                    let waiting = link.transport.writeBufferSize
                    #expect(waiting > 0)
                    for _ in 0..<5 { link.transport.writeLines([[], [1], [2], [3]]) }
                    #expect(log.texts(.warning) == [])
                    link.transport.writeLines([[1], [2]])
                    #expect(log.texts(.warning).count == 1)
                    #expect(link.transport.writeBufferSize == waiting)
                    link.transport.abort()
                    try await link.told.waitUntilLost()
                }
            }
        }

        /// TRANSPORT-030 TRANSPORT-031.
        @Test(arguments: LoopKind.allCases)
        func connectionLost_reportsAClosedPeer_whileWriting(_ kind: LoopKind) async throws {
            try await withLink(kind, receiveBuffer: 4096) { link in
                // Only the send can fail with the reset.
                link.transport.pauseReading()
                link.transport.write(Pattern.bytes(16 << 20))
                try await link.loop.turns()
                link.peer.reset()
                for _ in 0..<10 { link.transport.write("more") }
                try await link.told.waitUntilLost()
                let error = link.told.loss as? EventLoopError
                #expect(error?.errno == .connectionReset || error?.errno == .brokenPipe)
                #expect(error?.operation == "send")
                for _ in 0..<10 { link.transport.write("dropped") }
                #expect(link.transport.writeBufferSize == 0)
                #expect(link.exceptions.contexts.isEmpty, "an error was reported besides connectionLost")
            }
        }
    }
}
