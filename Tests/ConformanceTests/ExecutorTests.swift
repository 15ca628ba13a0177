import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Blocking work on other threads.
    @Suite struct Executors {
        /// EXEC-001 EXEC-006.
        @Test(arguments: LoopKind.allCases)
        func job_runsOnAnotherThread_andItsResultArrivesOnTheLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let here = UInt(pthread_self())
                let there = try await loop.runInExecutor { UInt(pthread_self()) }.value
                #expect(there != here)
                let future = loop.runInExecutor { 6 * 7 }
                var told: (UInt, Int)?
                future.addDoneCallback { told = (UInt(pthread_self()), try $0.result()) }
                #expect(try await future.value == 42)
                try await loop.turns()
                #expect(told?.0 == here)
                #expect(told?.1 == 42)
                await #expect(throws: Mishap(number: 6)) {
                    try await loop.runInExecutor { throw Mishap(number: 6) }.value
                }
            }
        }

        /// EXEC-002 EXEC-010: threads are started when they are needed, up to the limit.
        @Test(arguments: LoopKind.allCases)
        func defaultExecutor_isMadeOnFirstUse_withThreadsAsNeeded(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let limit = ThreadPoolExecutor().maxWorkers
                let running = SharedCount()
                let gate = Gate()
                let jobs = (0..<(limit + 5)).map { _ in
                    loop.runInExecutor {
                        running.increment()
                        gate.wait()
                        return ThreadNames.current
                    }
                }
                try await loop.eventually("each thread has a job") { running.value == limit }
                let most = try await loop.settled { running.value }
                #expect(most == limit)
                gate.open()
                var names: Set<String> = []
                for job in jobs { names.insert(try await job.value) }
                #expect(names.isSubset(of: Set((0..<limit).map { "proactor-\($0)" })))
                #expect(names.count >= limit)
            }
        }

        /// EXEC-003 EXEC-010.
        @Test(arguments: LoopKind.allCases)
        func givenOrSetExecutor_isUsedInsteadOfTheDefault(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let given = ThreadPoolExecutor(maxWorkers: 1, threadNamePrefix: "given")
                let name: @Sendable () throws -> String = { ThreadNames.current }
                let inGiven = try await loop.runInExecutor(given, name).value
                loop.setDefaultExecutor(ThreadPoolExecutor(maxWorkers: 1, threadNamePrefix: "chosen"))
                let inChosen = try await loop.runInExecutor(nil, name).value
                let alsoInChosen = try await loop.toThread(name)
                #expect([inGiven, inChosen, alsoInChosen] == ["given-0", "chosen-0", "chosen-0"])
            }
        }

        /// EXEC-003: any conforming executor works.
        @Test(arguments: LoopKind.allCases)
        func executor_mayBeAUsersType(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let inline = InlineExecutor()
                loop.setDefaultExecutor(inline)
                let work: @Sendable () throws -> Int = { 3 }
                let results = [try await loop.runInExecutor(nil, work).value, try await loop.toThread(work)]
                #expect(results == [3, 3])
                #expect(inline.submitted.value == 2)
                try await loop.shutdownDefaultExecutor()
                #expect(inline.shutdowns.value == 1)
                await expectLoopErrorLater(.executorShutDown) { try await loop.runInExecutor { 1 }.value }
            }
        }

        /// EXEC-005.
        @Test(arguments: LoopKind.allCases)
        func loop_keepsRunning_whileJobsBlock(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let gate = Gate()
                let job = loop.runInExecutor { gate.wait() }
                var calls = 0
                for _ in 0..<10 {
                    loop.callSoon { calls += 1 }
                    try await loop.sleep(for: .milliseconds(1))
                }
                #expect(calls == 10)
                #expect(!job.isDone)
                gate.open()
                try await job.value
            }
        }

        /// EXEC-007.
        @Test(arguments: LoopKind.allCases)
        func cancelledFuture_dropsAQueuedJob_andIgnoresTheResultOfARunningOne(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                let (begun, gate) = (Gate(), Gate())
                let ended = SharedCount()
                let running = loop.runInExecutor(pool) {
                    begun.open()
                    gate.wait()
                    ended.increment()
                }
                weak var held: Witness?
                let waiting: Future<Void>
                do {
                    let witness = Witness()
                    held = witness
                    nonisolated(unsafe) let shared = witness
                    waiting = loop.runInExecutor(pool) {
                        withExtendedLifetime(shared) { _ = Issue.record("a queued job was not dropped") }
                    }
                }
                #expect(held != nil)
                waiting.cancel()
                #expect(held == nil, "the captures of a dropped job were not released")
                try await loop.eventually("the first job has started") { begun.isOpen }
                running.cancel()
                gate.open()
                try await loop.runInExecutor(pool) {}.value
                #expect(ended.value == 1)
                #expect(running.isCancelled && waiting.isCancelled)
            }
        }

        /// EXEC-007: the loop has no turn left in which a callback could cancel the job.
        @Test(arguments: LoopKind.allCases)
        func cancelledFuture_dropsItsJob_evenIfTheLoopClosesAtOnce(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                let gate = Gate()
                _ = loop.runInExecutor(pool) { gate.wait() }
                let byHand = loop.runInExecutor(pool) { _ = Issue.record("a cancelled job ran") }
                let awaited = loop.runInExecutor(pool) { _ = Issue.record("the job of a task that was cancelled ran") }
                let waiter = loop.createTask { try await awaited.value }
                let inThread = loop.createTask {
                    try await pool.run { _ = Issue.record("the work of a task that was cancelled ran") }
                }
                try loop.turn(3)
                byHand.cancel()
                try loop.close()
                #expect(byHand.isCancelled && awaited.isCancelled && waiter.isCancelled && inThread.isCancelled)
                gate.open()
                pool.shutdown(wait: true)
            }
        }

        /// EXEC-008.
        @Test(arguments: LoopKind.allCases)
        func jobs_startInOrder_ifThereAreMoreJobsThanThreads(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                let next = SharedCount()
                let turns = (0..<200).map { _ in loop.runInExecutor(pool) { next.increment() } }
                let taken = try await loop.gather(turns).value
                #expect(taken == Array(1...200))
            }
        }

        /// EXEC-009: with the default executor and another one, awaited or not.
        @Test(arguments: LoopKind.allCases)
        func resultOfAJob_isDroppedSilently_afterTheLoopClosed(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                let gate = Gate()
                let (begun, ended) = (SharedCount(), SharedCount())
                let work: @Sendable () throws -> Int = {
                    begun.increment()
                    gate.wait()
                    ended.increment()
                    throw Mishap()
                }
                let futures = [loop.runInExecutor(nil, work), loop.runInExecutor(pool, work)]
                let task = loop.createTask { try await loop.toThread(work) }
                // A queued job would be dropped with its task.
                while begun.value < 3 { try loop.turn() }
                try loop.close()
                gate.open()
                while ended.value < 3 { block(.milliseconds(1)) }
                pool.shutdown(wait: true)
                #expect(futures.allSatisfy { !$0.isDone })
                #expect(task.isCancelled)
                #expect(recorder.contexts.isEmpty)
            }
        }

        /// EXEC-012.
        @Test(arguments: LoopKind.allCases)
        func runInExecutor_isRefused_onAnotherThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, recorder in
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                let refused = try await loop.runInExecutor(pool) {
                    loop.runInExecutor { _ = Issue.record("a job from another thread ran") }
                }.value
                expectLoopError(.wrongThread) { try refused.result() }
                // The request is passed to the loop's thread.
                let answer = loop.createFuture(of: Int.self)
                try await loop.runInExecutor(pool) {
                    _ = try loop.callSoonThreadsafe {
                        loop.runInExecutor { 5 }.addDoneCallback { try answer.setResult(try $0.result()) }
                    }
                }.value
                #expect(try await answer.value == 5)
            }
        }

        /// EXEC-013.
        @Test(arguments: LoopKind.allCases)
        func gatheredJobs_returnResultsInOrder(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let jobs = (0..<10).map { number in
                    loop.runInExecutor {
                        usleep(UInt32((10 - number) * 500))
                        return number
                    }
                }
                let results = try await loop.gather(jobs).value
                #expect(results == Array(0..<10))
            }
        }

        /// EXEC-014.
        @Test(arguments: LoopKind.allCases)
        func taskLocals_areVisible_onlyWithToThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                try await Context.$name.withValue("caller") {
                    let name: @Sendable () throws -> String = { Context.name }
                    let carried = try await loop.toThread(name)
                    let plain = try await loop.runInExecutor(nil, name).value
                    #expect(carried == "caller")
                    #expect(plain == "none")
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func fullExecutor_refusesFutures_andMakesTasksWait(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.setDefaultExecutor(ThreadPoolExecutor(maxWorkers: 1, maxPending: 2))
                let gate = Gate()
                let taken = (0..<3).map { number in
                    loop.runInExecutor { () -> Int in
                        gate.wait()
                        return number
                    }
                }
                let error = try await loopError {
                    try await loop.runInExecutor { Issue.record("the executor was not full") }.value
                }
                #expect(error.code == .queueFull)
                #expect(error.description.contains("toThread"))
                let tasks = (0..<20).map { number in
                    loop.createTask { try await loop.toThread { number } }
                }
                try await loop.turns()
                #expect(!tasks.contains { $0.isDone })
                gate.open()
                for (number, task) in tasks.enumerated() { #expect(try await task.value == number) }
                for (number, job) in taken.enumerated() { #expect(try await job.value == number) }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func waiter_getsCancellationError_whenTheExecutorDropsTheJob(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                loop.setDefaultExecutor(pool)
                let (begun, gate) = (Gate(), Gate())
                let running = loop.runInExecutor {
                    begun.open()
                    gate.wait()
                }
                let future = loop.runInExecutor { Issue.record("a dropped job ran") }
                let task = loop.createTask { try await loop.toThread { Issue.record("dropped work ran") } }
                let lookup = loop.createTask { try await loop.getAddrInfo(host: "localhost", port: 1) }
                try await loop.eventually("one job runs and three are queued") { begun.isOpen && pool.pending == 3 }
                pool.shutdown(wait: false, cancelPending: true)
                await #expect(throws: CancellationError.self) { try await future.value }
                #expect(future.cancelMessage == "The executor dropped the job")
                await #expect(throws: CancellationError.self) { try await task.value }
                await #expect(throws: CancellationError.self) { try await lookup.value }
                gate.open()
                try await running.value
                await expectLoopErrorLater(.executorShutDown) { try await loop.runInExecutor {}.value }
                await expectLoopErrorLater(.executorShutDown) { try await loop.toThread {} }
            }
        }
    }
}

/// An executor that runs each job within `submit`.
private final class InlineExecutor: WorkExecutor {
    let submitted = SharedCount()
    let shutdowns = SharedCount()

    func submit(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        submitted.increment()
        job()
    }

    func shutdown(wait: Bool, cancelPending: Bool) {
        shutdowns.increment()
    }
}
