import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct TaskLife {
        /// TASK-011, TASK-012.
        @Test(arguments: LoopKind.allCases)
        func cancel_isDelivered_atTheNextWait(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                let task = loop.createTask {
                    let first = try await future.value
                    #expect(first == 1)
                    try await loop.sleep(for: .zero)
                    Issue.record("the task continued")
                }
                try await loop.sleep(for: .zero)
                try future.setResult(1)
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                let own = loop.createTask {
                    loop.currentTask()?.cancel(message: "done here")
                    #expect(loop.currentTask()?.cancelling == 1)
                    try await loop.sleep(for: .seconds(3600))
                    Issue.record("the task continued")
                }
                await #expect(throws: CancellationError.self) { try await own.value }
                #expect(own.isCancelled && own.cancelMessage == "done here")
            }
        }

        /// TASK-013.
        @Test(arguments: LoopKind.allCases)
        func cancelling_countsRequests_andUncancelDecrementsIt(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let task = loop.createTask { try await loop.sleep(for: .seconds(3600)) }
                try await loop.sleep(for: .zero)
                #expect(task.cancelling == 0)
                #expect(task.uncancel() == 0)
                #expect(task.cancel())
                #expect(task.cancel())
                #expect(task.cancelling == 2)
                #expect(task.uncancel() == 1)
                #expect(task.uncancel() == 0)
                #expect(task.uncancel() == 0)
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        }

        /// TASK-014.
        @Test(arguments: LoopKind.allCases)
        func task_cannotWait_forItself(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var own: LoopTask<Int>?
                let task = loop.createTask { () -> Int in
                    await expectLoopErrorLater(.invalidState) { try await own?.value }
                    await expectLoopErrorLater(.invalidState) {
                        try await loop.withTimeout(.seconds(1)) { _ in try await own?.value }
                    }
                    return 1
                }
                own = task
                let value = try await task.value
                #expect(value == 1)
                own = nil
            }
        }

        /// TASK-021.
        @Test(arguments: LoopKind.allCases)
        func allTasks_returnsTheUnfinishedTasksOfTheLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let other = try kind.make()
                let foreign = other.createTask {}
                let me = try #require(loop.currentTask())
                #expect(loop.allTasks.count == 1 && loop.allTasks.first === me)
                let tasks = (0..<3).map { number in loop.createTask(name: "t\(number)") {} }
                #expect(Set(loop.allTasks.map(\.name)) == [me.name, "t0", "t1", "t2"])
                for task in tasks { try await task.value }
                #expect(loop.allTasks.count == 1)
                #expect(other.allTasks.first === foreign)
                #expect(other.currentTask() == nil)
                loop.callSoon { #expect(loop.currentTask() == nil) }
                try await loop.sleep(for: .zero)
                async let inChild = loop.currentTask() === me
                #expect(await inChild)
                try other.close()
            }
        }

        /// TASK-019.
        @Test(arguments: LoopKind.allCases)
        func taskFactory_makesTasks_untilItIsRemoved(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let factory = CountingFactory()
                loop.setTaskFactory(factory)
                #expect(loop.taskFactory === factory)
                let task = loop.createTask(name: "smith") { 3 }
                #expect(task.name == "smith")
                #expect(try await task.value == 3)
                #expect(try await loop.gather([{ 1 }]).value == [1])
                #expect(factory.made.value == 2)
                loop.setTaskFactory(nil)
                #expect(loop.taskFactory == nil)
                try await loop.createTask {}.value
                #expect(factory.made.value == 2)
            }
        }

        /// TASK-038.
        @Test(arguments: LoopKind.allCases)
        func eagerTask_runsToItsFirstWait_beforeItIsReturned(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.setTaskFactory(EagerTaskFactory())
                let me = loop.currentTask()
                let quick = loop.createTask { 4 }
                #expect(quick.isDone)
                #expect(try quick.result() == 4)
                var log: [String] = []
                let slow = loop.createTask(name: "slow") {
                    log.append("begun")
                    #expect(loop.currentTask() !== me)
                    try await loop.sleep(for: .milliseconds(1))
                    log.append("slept")
                    return loop.currentTask()?.name
                }
                #expect(loop.currentTask() === me)
                #expect(log == ["begun"])
                #expect(!slow.isDone)
                #expect(try await slow.value == "slow")
                loop.callSoon {
                    let task = loop.createTask { log.append("from a callback") }
                    #expect(task.isDone)
                }
                try await loop.sleep(for: .zero)
                #expect(log == ["begun", "slept", "from a callback"])
                let own = loop.createTask {
                    loop.currentTask()?.cancel(message: nil)
                    try await loop.sleep(for: .zero)
                    Issue.record("the task continued")
                }
                await #expect(throws: CancellationError.self) { try await own.value }
                await #expect(throws: Mishap(number: 9)) { try await loop.createTask { throw Mishap(number: 9) }.value }
            }
        }

        /// TASK-038: a wait for the end of a task that is in its first step.
        @Test(arguments: LoopKind.allCases)
        func ended_waitsForAnEagerTask_thatIsInItsFirstStep(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, recorder in
                loop.setTaskFactory(EagerTaskFactory())
                for waits in [true, false] {
                    var log: [String] = []
                    var watcher: LoopTask<Void>?
                    loop.createTask(name: "eager") {
                        let me = loop.currentTask()
                        watcher = loop.createTask {
                            log.append("watching")
                            await me?.ended()
                            log.append("seen")
                        }
                        log.append("first step")
                        if waits { try await loop.sleep(for: .milliseconds(1)) }
                        log.append("ended")
                        throw Mishap(number: 4)
                    }
                    try await watcher?.value
                    #expect(log == ["watching", "first step", "ended", "seen"])
                    watcher = nil
                    try await loop.sleep(for: .zero)
                    // The error was never retrieved.
                    let told = recorder.take().map(\.message)
                    #expect(told == ["Task 'eager' exception was never retrieved"])
                }
            }
        }

        /// TASK-019: a refused call uses neither the factory nor a task number.
        @Test(arguments: LoopKind.allCases)
        func createTask_hasNoEffect_onAnotherThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let number = try #require(Int(loop.createTask {}.name.dropFirst(5)))
                let factory = CountingFactory()
                loop.setTaskFactory(factory)
                let refused = Locked<[LoopTask<Void>]>([])
                HelperThread { refused.value = [loop.createTask {}, LoopTask(loop: loop) {}] }.join()
                for task in refused.value {
                    #expect(task.name == "Task-0")
                    expectLoopError(.wrongThread) { try task.result() }
                }
                #expect(factory.made.value == 0)
                loop.setTaskFactory(nil)
                #expect(loop.createTask {}.name == "Task-\(number + 1)")
            }
        }

        /// TASK-038: outside a run the task starts in the next one.
        @Test(arguments: LoopKind.allCases)
        func eagerTask_startsWithTheNextRun_ifTheLoopIsIdle(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                loop.setTaskFactory(EagerTaskFactory())
                let task = loop.createTask { 5 }
                #expect(!task.isDone)
                let value = try loop.runUntilComplete(task)
                #expect(value == 5)
            }
        }

        /// TASK-039.
        @Test(arguments: LoopKind.allCases)
        func toThread_runsOnAnotherThread_withTheCallersTaskLocals(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let seen = try await Context.$name.withValue("caller") {
                    try await loop.toThread {
                        #expect(throws: EventLoopError.self) { try getRunningLoop() }
                        return Context.name
                    }
                }
                #expect(seen == "caller")
                await #expect(throws: Mishap(number: 2)) { try await loop.toThread { throw Mishap(number: 2) } }
                let gate = Gate()
                let waiter = loop.createTask { try await loop.toThread { gate.wait() } }
                try await loop.sleep(for: .milliseconds(1))
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                gate.open()
                try await loop.shutdownDefaultExecutor()
                await expectLoopErrorLater(.executorShutDown) { try await loop.toThread {} }
            }
        }

        /// FUT-026, FUT-027, FUT-028.
        @Test(arguments: LoopKind.allCases)
        func wrapFuture_followsATaskOfAnotherThread(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                #expect(try await loop.wrapFuture(Task.detached { 6 }).value == 6)
                await #expect(throws: Mishap(number: 1)) {
                    try await loop.wrapFuture(Task.detached { throw Mishap(number: 1) }).value
                }
                let sleeper = Task.detached { try await Task.sleep(for: .seconds(3600)) }
                let wrapped = loop.wrapFuture(sleeper)
                #expect(wrapped.cancel())
                _ = await sleeper.result
                #expect(sleeper.isCancelled)
                let ended = Task.detached { 7 }
                _ = await ended.value
                let late = loop.wrapFuture(ended)
                late.cancel()
                try await loop.sleep(for: .milliseconds(5))
                #expect(late.isCancelled)
                #expect(await ended.value == 7)
                let future = loop.createFuture(of: Int.self)
                #expect(try loop.wrapFuture(future) === future)
                #expect(try loop.ensureFuture(future) === future)
                #expect(try await loop.ensureFuture { 8 }.value == 8)
            }
        }

        /// TASK-016: whatever a task waits for, it ends when the loop closes.
        @Test(arguments: LoopKind.allCases)
        func tasks_end_whateverTheyWaitFor_whenTheLoopCloses(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let never = loop.createFuture(of: Int.self)
                let gate = Gate()
                let elsewhere = Task.detached { try await Task.sleep(for: .seconds(3600)) }
                let endless: @Sendable () async throws -> Void = { try await loop.sleep(for: .seconds(3600)) }
                let waits: [() async throws -> Void] = [
                    { _ = try await loop.gatherResults([never, loop.createTask { 1 }]).value },
                    { _ = try await loop.wait([never], timeout: .seconds(3600)) },
                    { _ = try await loop.waitFor(loop.shield(never), timeout: .seconds(3600)) },
                    { try await loop.waitFor(timeout: .seconds(3600), endless) },
                    { try await loop.shield(endless).value },
                    { for try await _ in loop.asCompleted([never], timeout: .seconds(3600)) {} },
                    { try await loop.withTimeout(.seconds(3600)) { _ in try await endless() } },
                    { try await loop.toThread { gate.wait() } },
                    { try await loop.wrapFuture(elsewhere).value },
                ]
                let begun = SharedCount()
                let ended = SharedCount()
                for wait in waits {
                    loop.createTask {
                        begun.increment()
                        defer { ended.increment() }
                        do { try await wait() } catch is CancellationError {}
                    }
                }
                try loop.turn(4)
                #expect(begun.value == waits.count)
                #expect(ended.value == 0)
                let begin = loop.time
                try loop.close()
                #expect(begin.duration(to: loop.time) < .milliseconds(900))
                #expect(ended.value == waits.count)
                #expect(elsewhere.isCancelled)
                gate.open()
            }
        }

        /// FUT-032: a chain that is released while it is pending.
        @Test(arguments: LoopKind.allCases)
        func futures_doNotExhaustTheStack_whenALongChainIsReleased(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                weak var last: Future<Int>?
                do {
                    let first = loop.createFuture(of: Int.self)
                    var link = first
                    for _ in 0..<100_000 { link = loop.shield(link) }
                    last = link
                    withExtendedLifetime(first) {}
                }
                #expect(last == nil)
                let first = loop.createFuture(of: Int.self)
                var link = first
                for _ in 0..<100_000 { link = loop.shield(link) }
                try first.setResult(7)
                #expect(try loop.runUntilComplete(link) == 7)
                try loop.turn()
            }
        }

        /// FUT-032: tasks that wait for one another.
        @Test(arguments: LoopKind.allCases)
        func tasks_doNotExhaustTheStack_inALongChain(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let first = loop.createFuture(of: Int.self)
                var last: Future<Int> = first
                for _ in 0..<20_000 {
                    let previous = last
                    last = loop.shield(loop.createTask { try await previous.value + 1 })
                }
                try await loop.sleep(for: .zero)
                try first.setResult(0)
                #expect(try await last.value == 20_000)
            }
        }
    }
}

/// Makes tasks as the loop does, and counts them.
private final class CountingFactory: TaskFactory {
    let made = SharedCount()

    func makeTask<Value>(
        on loop: any AbstractEventLoop, name: String?, _ body: @escaping () async throws -> Value
    ) -> LoopTask<Value> {
        made.increment()
        return LoopTask(loop: loop, body)
    }
}
