import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct Threads {
        /// LOOP-031.
        @Test(arguments: LoopKind.allCases)
        func loops_workIndependently_onSeparateThreads(_ kind: LoopKind) async throws {
            @Sendable func count() async throws -> Int {
                try await onThread {
                    let loop = try kind.make()
                    defer { #expect(throws: Never.self) { try loop.close() } }
                    return try loop.runUntilComplete {
                        var total = 0
                        for number in 1...200 {
                            loop.callSoon { total += number }
                            try await loop.sleep(for: number % 20 == 0 ? .milliseconds(1) : .zero)
                        }
                        return total
                    }
                }
            }
            async let one = count()
            async let other = count()
            let (left, right) = try await (one, other)
            #expect(left == 20100)
            #expect(right == 20100)
        }

        /// LOOP-032, CALL-021.
        @Test(arguments: LoopKind.allCases)
        func loop_runs_onAnotherThreadThanItsMaker(_ kind: LoopKind) async throws {
            let loop = try kind.make()
            let maker = pthread_self()
            try await onThread {
                defer { #expect(throws: Never.self) { try loop.close() } }
                let thread = try loop.runUntilComplete {
                    try await loop.sleep(for: .milliseconds(1))
                    return pthread_self()
                }
                #expect(pthread_equal(thread, pthread_self()) != 0)
                #expect(pthread_equal(thread, maker) == 0)
            }
        }

        /// LOOP-032.
        ///
        /// The thread that made the loop posts at the moment when another thread starts to run it. Regression test: the
        /// post took the path of the loop's own thread, because the posting thread still seemed to own the loop.
        @Test(arguments: LoopKind.allCases)
        func callSoonThreadsafe_losesNoCall_whileAnotherThreadStartsToRun(_ kind: LoopKind) async throws {
            try await onThread {
                for _ in 0..<150 {
                    let loop = try kind.make()
                    let count = SharedCount()
                    let total = 50
                    let isReady = Gate()
                    let runner = HelperThread {
                        #expect(throws: Never.self) {
                            isReady.open()
                            try loop.runForever()
                            try loop.close()
                        }
                    }
                    while !isReady.isOpen { sched_yield() }
                    for _ in 0..<total {
                        try loop.callSoonThreadsafe {
                            if count.increment() == total { loop.stop() }
                        }
                    }
                    runner.join()
                    #expect(count.value == total)
                }
            }
        }

        /// LOOP-036.
        @Test(arguments: LoopKind.allCases)
        func shutdownDefaultExecutor_waits_untilJobsAndThreadsHaveEnded(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let ended = SharedCount()
                let jobs = (0..<4).map { _ in
                    loop.runInExecutor {
                        block(.milliseconds(20))
                        ended.increment()
                    }
                }
                var ticks = 0
                let ticker = loop.createTask {
                    while true {
                        ticks += 1
                        try await loop.sleep(for: .milliseconds(2))
                    }
                }
                try await loop.shutdownDefaultExecutor()
                #expect(ended.value == 4)
                #expect(ticks > 1, "the loop ran no turn meanwhile")
                for job in jobs { try await job.value }
                ticker.cancel()
            }
        }

        /// LOOP-036, LOOP-038.
        @Test(arguments: LoopKind.allCases)
        func shutdownDefaultExecutor_forbidsFurtherJobs_evenWithoutAnExecutor(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                try await loop.shutdownDefaultExecutor()
                try await loop.shutdownDefaultExecutor()
                await expectLoopErrorLater(.executorShutDown) { try await loop.runInExecutor { 1 }.value }
                // Does not affect the user's own executor.
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                #expect(try await loop.runInExecutor(pool) { 2 }.value == 2)
                pool.shutdown(wait: false)
            }
        }

        /// LOOP-037.
        @Test(arguments: LoopKind.allCases)
        func shutdownDefaultExecutor_warnsAndReturns_afterTheTimeout(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let log = LogRecorder(about: "joining its threads")
                defer { log.stop() }
                let gate = Gate()
                let job = loop.runInExecutor { gate.wait() }
                try await loop.shutdownDefaultExecutor(timeout: .milliseconds(10))
                #expect(log.lines.map(\.level) == [.warning])
                #expect(!job.isDone)
                await expectLoopErrorLater(.executorShutDown) { try await loop.toThread {} }
                gate.open()
                try await job.value
                // Nothing is left to wait for.
                try await loop.shutdownDefaultExecutor(timeout: .seconds(600))
                #expect(log.lines.count == 1)
            }
        }

        /// LOOP-036: cancelling the wait does not cancel the shutdown.
        @Test(arguments: LoopKind.allCases)
        func waitForShutdownDefaultExecutor_canBeCancelledAndRepeated(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let gate = Gate()
                let job = loop.runInExecutor { gate.wait() }
                let waiters = (0..<2).map { _ in
                    loop.createTask { try await loop.shutdownDefaultExecutor(timeout: .seconds(3600)) }
                }
                try await loop.turns()
                await expectCancelled(waiters[0])
                #expect(!waiters[1].isDone)
                await expectLoopErrorLater(.executorShutDown) { try await loop.toThread {} }
                gate.open()
                try await waiters[1].value
                try await job.value
            }
        }

        /// LOOP-036: the waiting thread has no loop left to notify.
        @Test(arguments: LoopKind.allCases)
        func shutdownDefaultExecutor_endsWithTheLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (gate, ended) = (Gate(), Gate())
                _ = loop.runInExecutor {
                    gate.wait()
                    ended.open()
                }
                let waiter = loop.createTask { try await loop.shutdownDefaultExecutor() }
                try loop.turn(3)
                try loop.close()
                #expect(waiter.isCancelled)
                gate.open()
                ended.wait()
            }
        }

        /// LOOP-039, TIMER-013, TIMER-021.
        @Test(arguments: LoopKind.allCases)
        func loop_sleepsInTheKernel_untilTheNextLiveTimer(_ kind: LoopKind) async throws {
            try await withRecordingLoop(kind) { loop in
                let far = loop.callLater(.seconds(3600 * 48)) { Issue.record("it fired two days early") }
                loop.callLater(.milliseconds(50)) { Issue.record("it was cancelled") }.cancel()
                let helper = HelperThread {
                    block(.milliseconds(250))
                    _ = try? loop.callSoonThreadsafe { loop.stop() }
                }
                let began = threadTime()
                try loop.runForever()
                helper.join()
                #expect(threadTime() - began < 100_000_000, "the loop spun while it had nothing to do")
                // One sleep and the turn in which it stopped; the kernel may occasionally end a sleep early.
                #expect(loop.driver.waits.count <= 4)
                if case .until(let end)? = loop.driver.waits.first {
                    #expect(end == far.when.nanoseconds, "a cancelled timer shortened the wait")
                } else {
                    Issue.record("the loop did not wait for its timer")
                }
            }
        }

        private func threadTime() -> Int64 {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }
    }
}
