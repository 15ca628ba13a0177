import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// The counters of a loop.
    @Suite struct Statistics {
        @Test(arguments: LoopKind.allCases)
        func turnsCallbacksAndTimers_areCountedExactly(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                #expect(loop.statistics.turns == 0)
                try loop.turn(5)
                #expect(loop.statistics.turns == 5)
                #expect(loop.statistics.callbacks == 0)
                for _ in 0..<7 { loop.callSoon {} }
                let now = loop.time
                for _ in 0..<3 { loop.callAt(now) {} }
                loop.callAt(now) {}.cancel()
                loop.callLater(.seconds(3600)) {}
                try loop.turn()
                let after = loop.statistics
                #expect(after.turns == 6)
                #expect(after.callbacks == 10)
                #expect(after.timersFired == 3)
                #expect(after.timersPending == 1)
                #expect(after.readyDepthPeak == 10)
                #expect(after.readyDepth == 0)
                // An empty turn changes only its own counter and those of the kernel.
                try loop.turn()
                #expect(loop.statistics.callbacks == 10 && loop.statistics.timersFired == 3)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func readyDepth_countsCallbacksThatAreStillToRun(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var depths: [Int] = []
                for _ in 0..<4 { loop.callSoon { depths.append(loop.statistics.readyDepth) } }
                try loop.turn()
                #expect(depths == [3, 2, 1, 0])
                #expect(loop.statistics.readyDepthPeak == 4)
            }
        }

        /// The timer is due at once, but runs after a callback that takes some time.
        ///
        /// Both bounds follow from the order of the clock readings.
        @Test(arguments: LoopKind.allCases)
        func lag_isMeasuredFromDueToStart_andTheWorstIsKept(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var (least, most) = (Duration.zero, Duration.zero)
                loop.callSoon {
                    let due = loop.time
                    loop.callSoon {
                        block(.milliseconds(30))
                        least = due.duration(to: loop.time)
                    }
                    loop.callAt(due) {
                        most = due.duration(to: loop.time)
                        loop.stop()
                    }
                }
                try loop.runForever()
                let late = loop.statistics
                #expect(least >= .milliseconds(30))
                #expect(late.lag >= least && late.lag <= most, "\(late.lag) of \(least) to \(most)")
                #expect(late.worstLag == late.lag)
                loop.callLater(.milliseconds(1)) { loop.stop() }
                try loop.runForever()
                #expect(loop.statistics.worstLag >= late.lag)
                #expect(loop.statistics.lag <= loop.statistics.worstLag)
            }
        }

        /// A timer that was due before it was made adds no lag.
        @Test(arguments: LoopKind.allCases)
        func timerInThePast_addsNoLag(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                for past in [Int64.min, -1, 0] { loop.callAt(LoopInstant(nanoseconds: past)) {} }
                let due = loop.callLater(.zero) {}
                block(.milliseconds(1))
                try loop.turn(2)
                #expect(due.when < loop.time)
                #expect(loop.statistics.timersFired == 4)
                #expect(loop.statistics.lag == .zero && loop.statistics.worstLag == .zero)
            }
        }

        /// Nor does a timer that was already due when it was made, in a turn that last read the clock long ago.
        @Test(arguments: LoopKind.allCases)
        func timerInThePast_inATurnWithoutTimers_addsNoLag(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                loop.callSoon {
                    block(.milliseconds(50))
                    loop.callAt(loop.time.advanced(by: .milliseconds(-40))) { loop.stop() }
                }
                try loop.runForever()
                #expect(loop.statistics.timersFired == 1)
                #expect(loop.statistics.worstLag < .milliseconds(40))
            }
        }

        @Test(arguments: LoopKind.allCases)
        func tasksConnectionsAndServers_areThoseThatAreOpen(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let before = loop.statistics
                #expect(before.tasks == 1 && before.connections == 0 && before.servers == 0)
                #expect(before.operationsInFlight == 1)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let port = try #require(server.sockets.first?.localAddress?.port)
                let (transport, told) = try await loop.createConnection(host: "127.0.0.1", port: port) {
                    StreamRecorder(loop)
                }
                try await loop.eventually("accepted") { server.connectionCount == 1 }
                let future = loop.createFuture(of: Void.self)
                let task = loop.createTask { try await future.value }
                let during = loop.statistics
                #expect(during.tasks == 2 && during.connections == 2 && during.servers == 1)
                #expect(during.operationsInFlight == loop.pendingOperations.count)
                #expect(during.operationsInFlight == 4, "not a wake-up, an accept and two receives")
                try future.setResult(())
                try await task.value
                transport.close()
                try await told.waitUntilLost()
                server.close()
                try await server.waitClosed()
                try await loop.turns()
                let after = loop.statistics
                #expect(after.tasks == 1 && after.connections == 0 && after.servers == 0)
                #expect(after.operationsInFlight == 1)
            }
        }

        /// Each exchange takes at least one system call, one completion or event and, on a ring, one submission.
        @Test(arguments: LoopKind.allCases)
        func kernelCounters_growWithEachExchange(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                let before = link.loop.statistics
                for round in 1...10 {
                    link.transport.write([1, 2, 3])
                    #expect(try await link.onPeer { try $0.receive(3).count } == 3)
                    try link.peer.send([4])
                    try await link.told.wait { link.told.total == round }
                }
                let after = link.loop.statistics
                #expect(after.systemCalls >= before.systemCalls + 10)
                #expect(after.completions >= before.completions + 10)
                #expect(after.submissions >= before.submissions + (kind == .proactor ? 10 : 0))
                #expect(after.turns >= before.turns + 10)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func receiveBuffer_countsAsLent_duringADelivery(_ kind: LoopKind) async throws {
            try await withLink(kind) { link in
                #expect(link.loop.statistics.receiveBuffersTotal > 0)
                #expect(link.loop.statistics.receiveBuffersLent == 0)
                var during = 0
                link.told.look = { _ in during = link.loop.statistics.receiveBuffersLent }
                try link.peer.send([1])
                try await link.told.wait { link.told.total == 1 }
                link.told.look = { _ in }
                #expect(during == 1)
                #expect(link.loop.statistics.receiveBuffersLent == 0)
            }
        }

        /// A post to a sleeping loop wakes it once; a post to a loop that is awake does not.
        @Test(arguments: LoopKind.allCases)
        func wakeUps_countThoseByOtherThreads(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let helper = HelperThread {
                    for _ in 0..<5 {
                        let before = loop.statistics.wakeUps
                        while !loop.statistics.isWaiting { usleep(200) }
                        let isDone = Gate()
                        _ = try? loop.callSoonThreadsafe { isDone.open() }
                        isDone.wait()
                        if loop.statistics.wakeUps != before + 1 { Issue.record("woken \(loop.statistics.wakeUps)") }
                    }
                    _ = try? loop.callSoonThreadsafe { loop.stop() }
                }
                try loop.runForever()
                helper.join()
                #expect(loop.statistics.wakeUps >= 5 && loop.statistics.wakeUps <= 6)
            }
        }

        /// To another thread, a stuck loop neither turns nor waits.
        @Test(arguments: LoopKind.allCases)
        func stuckLoop_isDistinguishedFromAWaitingOne_byAnotherThread(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (isStuck, mayGoOn) = (Gate(), Gate())
                let helper = HelperThread {
                    isStuck.wait()
                    let first = loop.statistics
                    block(.milliseconds(20))
                    let second = loop.statistics
                    #expect(first.turns == second.turns && second.turns > 0)
                    #expect(!first.isWaiting && !second.isWaiting)
                    let text = loop.dump()
                    #expect(text.contains("turns \(second.turns)") && !text.contains("pending operations"))
                    mayGoOn.open()
                    while !loop.statistics.isWaiting { usleep(200) }
                    _ = try? loop.callSoonThreadsafe { loop.stop() }
                }
                loop.callSoon {
                    isStuck.open()
                    mayGoOn.wait()
                }
                try loop.runForever()
                helper.join()
            }
        }

        /// As above, with a protocol that blocks.
        @Test(arguments: LoopKind.allCases)
        func loopStuckInAProtocol_isNotReportedAsWaiting(_ kind: LoopKind) async throws {
            let makeBlocking: @Sendable (any AbstractEventLoop) -> Blocking = { Blocking($0) }
            try await withLink(kind, makeBlocking) { link in
                let (loop, isStuck, mayGoOn) = (link.loop, link.told.isStuck, link.told.mayGoOn)
                let helper = HelperThread {
                    isStuck.wait()
                    #expect(!loop.statistics.isWaiting)
                    mayGoOn.open()
                }
                try link.peer.send([1])
                try await loop.eventually("received") { link.told.hasReceived }
                helper.join()
            }
        }

        /// Reading the statistics on another thread does not change the owner of the loop.
        @Test(arguments: LoopKind.allCases)
        func statisticsOnOtherThreads_doNotTakeAnIdleLoopOver(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let helper = HelperThread {
                    #expect(loop.pendingOperations.isEmpty)
                    #expect(!loop.dump().contains("pending operations"))
                }
                helper.join()
                #expect(loop.core.queue.allowsInspection)
                #expect(loop.dump().contains("pending operations"))
            }
        }

        /// The loop under load, and two threads that read: counters never fall, and neither side waits for the other.
        @Test(arguments: LoopKind.allCases)
        func otherThreads_canReadStatistics_whileTheLoopWorks(_ kind: LoopKind) async throws {
            let makeEcho: @Sendable (any AbstractEventLoop) -> EchoRecorder = { EchoRecorder($0) }
            try await withLink(kind, makeEcho) { link in
                let isOver = Gate()
                let loop = link.loop
                let readings = SharedCount()
                let readers = (0..<2).map { _ in
                    HelperThread {
                        var last = loop.statistics
                        while !isOver.isOpen {
                            let next = loop.statistics
                            if !next.hasGrown(since: last) { Issue.record("\(next)\nafter\n\(last)") }
                            last = next
                            _ = loop.dump()
                            readings.increment()
                        }
                    }
                }
                func tick() {
                    if !isOver.isOpen { loop.callLater(.microseconds(100)) { tick() } }
                }
                tick()
                let size = 1 << 20
                let talk = link.startPeer { peer in
                    for _ in 0..<200 {
                        try peer.send([UInt8](repeating: 5, count: size / 200))
                        _ = try peer.receive(size / 200)
                    }
                }
                try await talk.value
                try await loop.eventually("the threads have read") { readings.value > 10 }
                isOver.open()
                for reader in readers { reader.join() }
                #expect(loop.statistics.turns > 100)
                #expect(loop.statistics.timersFired > 0)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func dump_listsEverything(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let future = loop.createFuture(of: Void.self)
                let task = loop.createTask(name: "sleeper") { try await future.value }
                let timer = loop.callLater(.seconds(3600)) {}
                let pipe = try Pipe()
                try loop.addReader(pipe.readEnd) {}
                try loop.addSignalHandler(SIGUSR2) {}
                try await loop.turns()
                let text = loop.dump()
                let lines = text.split(separator: "\n")
                #expect(lines.first?.hasPrefix("\(loop) on \(loop.backend): ") == true)
                #expect(text.contains("<LoopTask sleeper pending>"))
                #expect(text.contains("tasks: 2"))
                #expect(text.contains("timers: 1, the next due in 3"))
                #expect(text.contains("servers: 1\n  \(server)"))
                #expect(text.contains("watched descriptors: 1\n  <DescriptorWatch fd=\(pipe.readEnd) reading>"))
                #expect(text.contains("signals: 1\n  SIGUSR2 (\(SIGUSR2))"))
                #expect(text.contains("pending operations: 3\n"))
                #expect(text.contains("accept fd=\(server.sockets[0].fileDescriptor) \(server)"))
                #expect(text.hasSuffix("\n"))
                let short = loop.dump(limit: 1)
                #expect(short.contains("pending operations: 3\n") && short.contains("  and 2 more"))

                try loop.removeSignalHandler(SIGUSR2)
                try loop.removeReader(pipe.readEnd)
                timer.cancel()
                try future.setResult(())
                try await task.value
                server.close()
                try await server.waitClosed()
            }
            try await withLoop(kind) { loop, _ in
                #expect(loop.dump().contains("idle"))
                try loop.close()
                #expect(loop.dump().contains("closed"))
                #expect(loop.statistics.operationsInFlight == 0)
            }
        }
    }
}

extension LoopStatistics {
    /// Whether no counter has fallen since an earlier reading.
    fileprivate func hasGrown(since before: LoopStatistics) -> Bool {
        turns >= before.turns && callbacks >= before.callbacks && timersFired >= before.timersFired
            && submissions >= before.submissions && completions >= before.completions
            && systemCalls >= before.systemCalls && wakeUps >= before.wakeUps && worstLag >= before.worstLag
            && readyDepthPeak >= before.readyDepthPeak
    }
}

/// Blocks its loop within a delivery, until the gate opens.
private final class Blocking: ProtocolRecorder, StreamProtocol {
    let (isStuck, mayGoOn) = (Gate(), Gate())
    private(set) var hasReceived = false

    func dataReceived(_ data: RawSpan) {
        isStuck.open()
        mayGoOn.wait()
        hasReceived = true
    }
}
