import EventLoops
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct Tasks {
        /// TASK-001, TASK-002.
        @Test(arguments: LoopKind.allCases)
        func createTask_startsInTheNextTurn_andReturnsAFuture(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                loop.callSoon { log.append("queued before") }
                let task = loop.createTask {
                    log.append("body")
                    return 4
                }
                #expect(log.isEmpty)
                #expect(!task.isDone)
                expectLoopError(.invalidState) { try task.result() }
                try loop.turn()
                #expect(log == ["queued before", "body"])
                #expect(task.isDone)
                #expect(try task.result() == 4)
                #expect(try task.exception() == nil)
                #expect(task.loop === loop)
                let failing = loop.createTask { throw Mishap(number: 2) }
                #expect(throws: Mishap(number: 2)) { try loop.runUntilComplete(failing) }
            }
        }

        /// TASK-003.
        @Test(arguments: LoopKind.allCases)
        func createTask_releasesTheBody_onAClosedLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try loop.close()
                weak var held: Witness?
                do {
                    let witness = Witness()
                    held = witness
                    let task = loop.createTask { withExtendedLifetime(witness) { Issue.record("it began") } }
                    expectLoopError(.closed) { try task.result() }
                }
                #expect(held == nil)
            }
        }

        /// TASK-004.
        @Test(arguments: LoopKind.allCases)
        func task_hasTheGivenName_orANumber(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let named = loop.createTask(name: "miller") {}
                let first = loop.createTask {}
                let second = loop.createTask {}
                #expect(named.name == "miller")
                #expect(first.name.hasPrefix("Task-"))
                #expect(first.name != second.name)
                named.name = "smith"
                #expect(named.name == "smith")
                for task in [named, first, second] { try await task.value }
            }
        }

        /// TASK-006, TASK-007.
        @Test(arguments: LoopKind.allCases)
        func cancel_endsAWaitingTask(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var seen: (any Error)?
                let task = loop.createTask {
                    do { try await loop.sleep(for: .seconds(3600)) } catch {
                        seen = error
                        throw error
                    }
                }
                try await loop.sleep(for: .zero)
                #expect(task.cancel())
                #expect(!task.isDone)
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(task.isCancelled && task.isDone)
                #expect(seen is CancellationError)
                #expect(!task.cancel())
                let finished = loop.createTask { 1 }
                _ = try await finished.value
                #expect(!finished.cancel())
                #expect(!finished.isCancelled)
            }
        }

        /// TASK-008.
        @Test(arguments: LoopKind.allCases)
        func cancelBeforeTheFirstStep_preventsTheBody(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let task = loop.createTask { Issue.record("it began") }
                #expect(task.cancel())
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(task.isCancelled)
            }
        }

        /// TASK-009.
        @Test(arguments: LoopKind.allCases)
        func task_hasAResult_ifItCatchesTheCancellation(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let task = loop.createTask {
                    do { try await loop.sleep(for: .seconds(3600)) } catch { return "caught" }
                    return "not cancelled"
                }
                try await loop.sleep(for: .zero)
                task.cancel()
                #expect(try await task.value == "caught")
                #expect(!task.isCancelled)
            }
        }

        /// TASK-010: a task that waits for another one passes the cancellation on, and waits until the other task has
        /// ended.
        @Test(arguments: LoopKind.allCases)
        func cancel_isPassedOn_toTheAwaitedTask(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var log: [String] = []
                let inner = loop.createTask {
                    do { try await loop.sleep(for: .seconds(3600)) } catch {
                        log.append("inner cleans up")
                        throw error
                    }
                }
                let outer = loop.createTask {
                    defer { log.append("outer ends") }
                    try await inner.value
                }
                try await loop.sleep(for: .zero)
                try await loop.sleep(for: .zero)
                outer.cancel()
                await #expect(throws: CancellationError.self) { try await outer.value }
                #expect(inner.isCancelled && outer.isCancelled)
                #expect(log == ["inner cleans up", "outer ends"])
            }
        }

        /// TASK-015.
        @Test(arguments: LoopKind.allCases)
        func task_cannotBeSettled_fromOutside(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let task = loop.createTask { 1 }
                expectLoopError(.invalidState) { try task.setResult(2) }
                expectLoopError(.invalidState) { try task.setException(Mishap()) }
                let value = try await task.value
                #expect(value == 1)
            }
        }

        /// TASK-022.
        @Test(arguments: LoopKind.allCases)
        func task_inheritsTheTaskLocalsOfItsCreator(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let task = Context.$name.withValue("maker") {
                    loop.createTask {
                        let atFirst = Context.name
                        try await loop.sleep(for: .zero)
                        let inside = Context.$name.withValue("task") { Context.name }
                        return [atFirst, inside, Context.name]
                    }
                }
                let value = try await task.value
                #expect(value == ["maker", "task", "maker"])
                #expect(Context.name == "none")
            }
        }

        /// TASK-036, TASK-037.
        @Test(arguments: LoopKind.allCases)
        func runCoroutineThreadsafe_returnsTheResult_toTheOtherThread(_ kind: LoopKind) async throws {
            let loop = try await onThread { try kind.make() }
            let hasBegun = Gate()
            async let thread: Void = onThread {
                loop.callSoon { hasBegun.open() }
                try loop.runForever()
                try loop.close()
            }
            while !hasBegun.isOpen { await Task.yield() }
            #expect(try await loop.runCoroutineThreadsafe { loop.isRunning })
            await #expect(throws: Mishap(number: 1)) {
                try await loop.runCoroutineThreadsafe { throw Mishap(number: 1) }
            }
            let sleeps = Gate()
            let waiter = Task {
                try await loop.runCoroutineThreadsafe {
                    sleeps.open()
                    try await loop.sleep(for: .seconds(3600))
                }
            }
            while !sleeps.isOpen { await Task.yield() }
            waiter.cancel()
            await #expect(throws: CancellationError.self) { try await waiter.value }
            try loop.callSoonThreadsafe { loop.stop() }
            try await thread
            await expectLoopErrorLater(.closed) { try await loop.runCoroutineThreadsafe {} }
        }

        /// TASK-001, TASK-006: inside an open task group, Swift restricts task-local values, which the loop uses to
        /// identify its tasks.
        @Test(arguments: LoopKind.allCases)
        func tasks_canBeMadeAndCancelled_withinATaskGroup(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let outer = loop.currentTask()
                let never = loop.createFuture(of: Void.self)
                let (seen, task) = try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask { loop.currentTask() === outer }
                    let task = loop.createTask {
                        #expect(loop.currentTask() !== outer)
                        try await never.value
                    }
                    group.addTask { loop.currentTask() === outer }
                    var seen: [Bool] = []
                    for try await isOuter in group { seen.append(isOuter) }
                    task.cancel()
                    return (seen, task)
                }
                #expect(seen == [true, true])
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(task.isCancelled)
                #expect(never.isCancelled)
            }
        }

        /// TASK-012: the task cancels itself through Swift's own API.
        @Test(arguments: LoopKind.allCases)
        func taskThatCancelsItself_isCancelledAtItsNextWait(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let task = loop.createTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    try await loop.createFuture(of: Void.self).value
                }
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(task.isCancelled)
            }
        }
    }
}
