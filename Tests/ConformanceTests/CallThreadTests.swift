import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct ThreadsafeCalls {
        /// CALL-010.
        @Test(arguments: LoopKind.allCases)
        func callSoonThreadsafe_wakesALoop_thatSleepsInTheKernel(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let loopThread = pthread_self()
                nonisolated(unsafe) var timedOut = false
                let hasRunThere = Gate()
                let guardian = loop.callLater(.seconds(30)) {
                    timedOut = true
                    loop.stop()
                }
                let helper = HelperThread {
                    block(.milliseconds(30))
                    _ = try? loop.callSoonThreadsafe {
                        if pthread_equal(pthread_self(), loopThread) != 0 { hasRunThere.open() }
                        loop.stop()
                    }
                }
                try loop.runForever()
                helper.join()
                guardian.cancel()
                #expect(!timedOut)
                #expect(hasRunThere.isOpen)
            }
        }

        /// CALL-012.
        @Test(arguments: LoopKind.allCases)
        func callSoonThreadsafe_throwsOnAClosedLoop_evenInARaceWithClose(_ kind: LoopKind) async throws {
            try await onThread {
                for round in 0..<60 {
                    let before = OpenSockets.open()
                    let loop = try kind.make()
                    let rejected = SharedCount()
                    let isReady = Gate()
                    let helpers = (0..<2).map { _ in
                        HelperThread {
                            for number in 0..<100_000 {
                                if number == 10 { isReady.open() }
                                do { try loop.callSoonThreadsafe {} } catch {
                                    #expect((error as? EventLoopError)?.code == .closed)
                                    rejected.increment()
                                    return
                                }
                            }
                        }
                    }
                    isReady.wait()
                    if round % 2 == 0 { try loop.turn() }
                    try loop.close()
                    expectLoopError(.closed) { try loop.callSoonThreadsafe {} }
                    for helper in helpers { helper.join() }
                    expectLoopError(.closed) { try loop.callSoonThreadsafe {} }
                    #expect(OpenSockets.left(since: before) == [])
                }
            }
        }

        /// CALL-013, CALL-015.
        @Test(arguments: LoopKind.allCases)
        func callSoonThreadsafe_losesNoCall_whileTimersAreAddedAndCancelled(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let total = 4096
                var seen: [Int] = []
                nonisolated(unsafe) let note: (Int) -> Void = { number in
                    seen.append(number)
                    if number == total - 1 { loop.stop() }
                }
                var timers: [TimerHandle] = []
                func churn() {
                    timers.append(loop.callLater(.microseconds(50)) { churn() })
                    timers.append(loop.callLater(.milliseconds(10)) {})
                    if timers.count > 40 {
                        for timer in timers.dropLast(2) { timer.cancel() }
                        timers.removeFirst(timers.count - 2)
                    }
                }
                churn()
                let helper = HelperThread {
                    for number in 0..<total {
                        _ = try? loop.callSoonThreadsafe { note(number) }
                        if number % 64 == 0 { usleep(50) }
                    }
                }
                try loop.runForever()
                helper.join()
                for timer in timers { timer.cancel() }
                #expect(seen == Array(0..<total))
            }
        }

        /// CALL-014.
        @Test(arguments: LoopKind.allCases)
        func callSoonThreadsafe_wakesOnce_forManyCalls(_ kind: LoopKind) async throws {
            try await withRecordingLoop(kind) { loop in
                let count = SharedCount()
                let helper = HelperThread {
                    for _ in 0..<50_000 { _ = try? loop.callSoonThreadsafe { count.increment() } }
                }
                helper.join()
                #expect(loop.driver.wakeCount == 0, "a loop that was awake was woken")
                try loop.turn()
                #expect(count.value == 50_000)
                #expect(loop.driver.wakeCount == 0)
            }
        }

        /// CALL-015.
        @Test(arguments: LoopKind.allCases)
        func callSoonThreadsafe_keepsTheOrderOfEachThread(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let threads = 4
                let each = 5000
                var seen = [[Int]](repeating: [], count: threads)
                nonisolated(unsafe) let note: (Int, Int) -> Void = { thread, number in
                    seen[thread].append(number)
                    if seen.allSatisfy({ $0.count == each }) { loop.stop() }
                }
                let helpers = (0..<threads).map { thread in
                    HelperThread {
                        for number in 0..<each { _ = try? loop.callSoonThreadsafe { note(thread, number) } }
                    }
                }
                try loop.runForever()
                for helper in helpers { helper.join() }
                #expect(seen.allSatisfy { $0 == Array(0..<each) })
            }
        }

        /// CALL-012, TASK-036: a coroutine that was accepted before the loop closed ends, too.
        @Test(arguments: LoopKind.allCases)
        func runCoroutineThreadsafe_ends_whenTheLoopCloses(_ kind: LoopKind) async throws {
            let loop = try await onThread { try kind.make() }
            let hasBegun = Gate()
            async let outcome: Result<Int, any Error> = {
                do {
                    return .success(
                        try await loop.runCoroutineThreadsafe {
                            hasBegun.open()
                            try await loop.sleep(for: .seconds(3600))
                            return 1
                        })
                } catch { return .failure(error) }
            }()
            try await onThread {
                // The loop was made on another thread; this run moves it here.
                try loop.runUntilComplete {}
                while !hasBegun.isOpen { try loop.run(for: .milliseconds(1)) }
                try loop.close()
            }
            let result = await outcome
            #expect(throws: CancellationError.self) { try result.get() }
        }

        /// Another thread cancels the task right before the loop closes.
        ///
        /// Regression test: the request was dropped with the callbacks, and the task never ended.
        @Test(arguments: LoopKind.allCases)
        func cancellation_takesEffect_evenIfTheLoopClosesFirst(_ kind: LoopKind) async throws {
            try await onThread {
                let loop = try kind.make()
                let hasEnded = Gate()
                let hasBegun = Gate()
                let task = Task(executorPreference: loop.taskExecutor) {
                    hasBegun.open()
                    try? await loop.sleep(for: .seconds(3600))
                    hasEnded.open()
                }
                while !hasBegun.isOpen { try loop.run(for: .milliseconds(1)) }
                try loop.turn(2)
                HelperThread { task.cancel() }.join()
                try loop.close()
                hasEnded.wait()
            }
        }
    }
}
