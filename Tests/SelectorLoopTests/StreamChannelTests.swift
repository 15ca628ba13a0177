import EventLoops
import Glibc
import Kernel
import Proactor
import SelectorLoop
import TestSupport
import Testing

/// Tests what is specific to streams on a poller.
///
/// ConformanceTests covers the contract common to all loops.
@Suite(.serialized) struct StreamChannelTests {
    @Test(arguments: Selector.allCases)
    func write_duringADelivery_isSentInTheSameTurn(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            var seen: [[UInt8]] = []
            line.recorder.look = { bytes in
                line.transport.write(bytes.bytes)
                line.transport.write([4, 5])
                // Nothing is sent during the delivery: both writes become one send.
                seen.append(line.peerReads())
                // Callbacks of this turn run before the sends of the next one.
                line.loop.callSoon { seen.append(line.peerReads()) }
            }
            line.peerWrites([1, 2, 3])
            try await line.loop.eventually("an echo") { seen.count == 2 }
            #expect(seen == [[], [1, 2, 3, 4, 5]])
        }
    }

    @Test(arguments: Selector.allCases)
    func writesOfATurn_areOneSend_beforeTheLoopSleeps(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            line.transport.write([1])
            line.transport.write([2, 3])
            #expect(line.peerReads() == [])
            // No timer or other event: only the write itself can cause the send.
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
            // Sizes below and above the limit up to which bytes are copied.
            for size in [1, 100_000, 3, 70_000, 600_000, 5, 300_000, 1] {
                line.transport.write(Pattern.bytes(size, at: written))
                written += size
            }
            // The peer does not read: the kernel takes a part of the bytes, and then its buffer is full.
            try await line.loop.sleep(for: .milliseconds(20))
            let left = line.transport.writeBufferSize
            #expect(left > 0 && left < written)
            #expect(line.recorder.isPaused)
            var read: [UInt8] = []
            while read.count < written {
                let piece = line.peerReads(atMost: 7001)
                read += piece
                if piece.isEmpty { try await line.loop.sleep(for: .zero) }
                if !line.recorder.losses.isEmpty { break }
            }
            #expect(read == Pattern.bytes(written))
            try await line.loop.eventually("resumed") { !line.recorder.isPaused && line.transport.writeBufferSize == 0 }
            // Writing works again.
            line.transport.write([1, 2, 3])
            try await line.loop.eventually("three more bytes") {
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
    func loop_sleeps_whenReadingIsPausedAndThePeerIsClosed(_ selector: Selector, _ kind: LineKind) async throws {
        try await withLine(selector, kind) { line in
            line.transport.pauseReading()
            try await line.loop.sleep(for: .zero)
            line.peerWrites([1, 2, 3])
            resetOnClose(line.peer.fileDescriptor)
            line.peer.close()
            try await expectIdle(line.loop)
            #expect(line.recorder.losses.isEmpty)
            line.transport.resumeReading()
            try await line.loop.eventually("lost") { line.recorder.losses.count == 1 }
            if kind == .network {
                #expect((line.recorder.losses[0] as? EventLoopError)?.errno == .connectionReset)
            } else {
                #expect(line.recorder.received == [1, 2, 3])
            }
        }
    }

    @Test(arguments: Selector.allCases)
    func blockedSend_noticesAClosedPeer_evenWhenReadingIsPaused(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            line.transport.pauseReading()
            line.transport.write([UInt8](repeating: 0, count: 4_000_000))
            try await line.loop.sleep(for: .milliseconds(20))
            #expect(line.transport.writeBufferSize > 0)
            line.peer.close()
            try await line.loop.eventually("lost") { line.recorder.losses.count == 1 }
            #expect((line.recorder.losses[0] as? EventLoopError)?.errno == .brokenPipe)
        }
    }

    @Test(arguments: Selector.allCases)
    func pauseAndResume_inOneTurn_makeNoSystemCall(_ selector: Selector) async throws {
        try await withLine(selector) { line in
            for _ in 0..<3 {
                line.transport.pauseReading()
                line.transport.resumeReading()
            }
            line.peerWrites([1])
            try await line.loop.eventually("a byte") { line.recorder.received == [1] }
            line.transport.pauseReading()
            line.peerWrites([2])
            try await line.loop.sleep(for: .milliseconds(10))
            #expect(line.recorder.received == [1])
            line.transport.resumeReading()
            try await line.loop.eventually("the other byte") { line.recorder.received == [1, 2] }
        }
    }

    /// Expects that the loop sleeps: a loop that spins would use processor time.
    private func expectIdle(
        _ loop: SelectorEventLoop, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let before = threadTime()
        try await loop.sleep(for: .milliseconds(200))
        #expect(threadTime() - before < 50_000_000, "the loop spins", sourceLocation: sourceLocation)
    }
}

/// Processor time of the calling thread in nanoseconds.
private func threadTime() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
}
