import EventLoops
import Glibc
import Kernel
import Proactor
import SelectorLoop
import TestSupport
import Testing

/// What is particular to streams under a poller; what all loops have in common is in ConformanceTests.
@Suite(.serialized) struct StreamChannelTests {
    @Test(arguments: Selector.allCases)
    func write_whileBytesAreTold_goesOutWithoutAnotherTurn(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            var seen: [[UInt8]] = []
            line.told.whenReceived = { data in
                line.transport.write(data)
                line.transport.write([4, 5])
                // Not before the bytes have been told: both writes are one send.
                seen.append(line.peerReads())
                // This turn's callbacks run before the next turn's sends.
                line.loop.callSoon { seen.append(line.peerReads()) }
            }
            line.peerWrites([1, 2, 3])
            try await line.until("an echo") { seen.count == 2 }
            #expect(seen == [[], [1, 2, 3, 4, 5]])
        }
    }

    @Test(arguments: Selector.allCases)
    func writes_ofATurn_areOneSend_beforeTheLoopSleeps(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            line.transport.write([1])
            line.transport.write([2, 3])
            #expect(line.peerReads() == [])
            // No timer and no other event: only the write itself can bring the bytes out.
            let peer = line.peer.fileDescriptor
            let count = try await line.loop.runInExecutor {
                var entry = pollfd(fd: peer, events: Int16(POLLIN), revents: 0)
                return poll(&entry, 1, 10_000)
            }.value
            #expect(count == 1)
            #expect(line.peerReads() == [1, 2, 3])
        }
    }

    @Test(arguments: Selector.allCases, [LineKind.local, .network])
    func shortSends_keepTheOrder_andEndWhenThePeerReads(_ selector: Selector, _ kind: LineKind) async throws {
        try await withLine(selector, kind) { line in
            try SocketCalls.setOption(line.transport.socket.fileDescriptor, level: SOL_SOCKET, name: SO_SNDBUF, 4608)
            var written = 0
            // Pieces that are kept and pieces that are copied.
            for size in [1, 100_000, 3, 70_000, 600_000, 5, 300_000, 1] {
                line.transport.write(pattern(written..<written + size))
                written += size
            }
            // Nobody reads: the kernel takes a part, and then has no room.
            try await line.loop.sleep(for: .milliseconds(20))
            let left = line.transport.writeBufferSize
            #expect(left > 0 && left < written)
            #expect(line.told.isPaused)
            var read: [UInt8] = []
            while read.count < written {
                let piece = line.peerReads(atMost: 7001)
                read += piece
                if piece.isEmpty { try await line.loop.sleep(for: .zero) }
                if !line.told.losses.isEmpty { break }
            }
            #expect(read == pattern(0..<written))
            try await line.until("resumed") { !line.told.isPaused && line.transport.writeBufferSize == 0 }
            // The way is free again.
            line.transport.write([1, 2, 3])
            try await line.until("three more bytes") {
                read += line.peerReads()
                return read.count == written + 3
            }
        }
    }

    @Test(arguments: Selector.allCases)
    func blockedSend_costsNothing_whileThePeerDoesNotRead(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            line.transport.write([UInt8](repeating: 0, count: 4_000_000))
            try await line.loop.sleep(for: .milliseconds(20))
            #expect(line.transport.writeBufferSize > 0)
            try await expectIdle(line.loop)
        }
    }

    @Test(arguments: Selector.allCases, [LineKind.local, .network])
    func loop_sleeps_whenReadingIsPausedAndThePeerHasGone(_ selector: Selector, _ kind: LineKind) async throws {
        try await withLine(selector, kind) { line in
            line.transport.pauseReading()
            try await line.loop.sleep(for: .zero)
            line.peerWrites([1, 2, 3])
            var now = linger(l_onoff: 1, l_linger: 0)
            setsockopt(line.peer.fileDescriptor, SOL_SOCKET, SO_LINGER, &now, socklen_t(MemoryLayout<linger>.size))
            line.peer.close()
            try await expectIdle(line.loop)
            #expect(line.told.losses.isEmpty)
            line.transport.resumeReading()
            try await line.until("lost") { line.told.losses.count == 1 }
            if kind == .network {
                #expect((line.told.losses[0] as? EventLoopError)?.errno == .connectionReset)
            } else {
                #expect(line.told.received == [1, 2, 3])
            }
        }
    }

    @Test(arguments: Selector.allCases)
    func blockedSend_findsOutThatThePeerHasGone_alsoWhenReadingIsPaused(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            line.transport.pauseReading()
            line.transport.write([UInt8](repeating: 0, count: 4_000_000))
            try await line.loop.sleep(for: .milliseconds(20))
            #expect(line.transport.writeBufferSize > 0)
            line.peer.close()
            try await line.until("lost") { line.told.losses.count == 1 }
            #expect((line.told.losses[0] as? EventLoopError)?.errno == .brokenPipe)
        }
    }

    @Test(arguments: Selector.allCases)
    func pauseAndResume_inOneTurn_areNotToldToTheKernel(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            for _ in 0..<3 {
                line.transport.pauseReading()
                line.transport.resumeReading()
            }
            line.peerWrites([1])
            try await line.until("a byte") { line.told.received == [1] }
            line.transport.pauseReading()
            line.peerWrites([2])
            try await line.loop.sleep(for: .milliseconds(10))
            #expect(line.told.received == [1])
            line.transport.resumeReading()
            try await line.until("the other byte") { line.told.received == [1, 2] }
        }
    }

    /// Lets the loop have nothing to do for a while: a loop that spins would use all of that.
    private func expectIdle(
        _ loop: SelectorEventLoop, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = threadTime()
        try await loop.sleep(for: .milliseconds(200))
        #expect(threadTime() - before < 50_000_000, "the loop spins", sourceLocation: sourceLocation)
    }
}

/// Bytes by which their place in a stream can be told.
private func pattern(_ places: Range<Int>) -> [UInt8] {
    places.map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8 &* 7 ^ $0 >> 16 &* 31) }
}

/// Processor time of the calling thread, in nanoseconds.
private func threadTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
