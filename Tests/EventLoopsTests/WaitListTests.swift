import EventLoops
import Glibc
import TestSupport
import Testing

@Suite struct WaitListTests {
    private func withLoop(_ body: @escaping @Sendable (FakeLoop, WaitList) async throws -> Void) async throws {
        try await onThread {
            let loop = try FakeLoop()
            defer { #expect(throws: Never.self) { try loop.close() } }
            let list = WaitList(queue: loop.core.queue)
            try loop.runUntilComplete { try await body(loop, list) }
        }
    }

    @Test func waiters_resumeInOrder_whenTheEventHappens() async throws {
        try await withLoop { loop, list in
            for count in 0..<5 {
                var order: [Int] = []
                let tasks = (0..<count).map { number in
                    loop.createTask {
                        if await list.hasHappened() { order.append(number) }
                    }
                }
                try await loop.sleep(for: .zero)
                #expect(list.isEmpty == (count == 0))
                #expect(order.isEmpty)
                list.resumeAll()
                #expect(list.isEmpty)
                list.resumeAll()
                for task in tasks { try await task.value }
                #expect(order == Array(0..<count))
            }
        }
    }

    /// Cancels each of three waiters in turn: the single one, the first and later ones are stored differently.
    @Test func cancelledWaiter_isRemoved_andTheOthersStay() async throws {
        try await withLoop { loop, list in
            for victim in 0..<3 {
                let tasks = (0..<3).map { _ in loop.createTask { await list.hasHappened() } }
                try await loop.sleep(for: .zero)
                tasks[victim].cancel()
                #expect(try await tasks[victim].value == false)
                #expect(tasks.count { $0.isDone } == 1)
                list.resumeAll()
                var woken: [Bool] = []
                for task in tasks { woken.append(try await task.value) }
                #expect(woken == (0..<3).map { $0 != victim })
                #expect(list.isEmpty)
            }
        }
    }

    @Test func waiter_doesNotSuspend_whenItsTaskIsAlreadyCancelled() async throws {
        try await withLoop { loop, list in
            let task = loop.createTask {
                withUnsafeCurrentTask { $0?.cancel() }
                return await list.hasHappened()
            }
            let value = try await task.value
            #expect(value == false)
            #expect(list.isEmpty)
        }
    }

    @Test func cancellation_hasNoEffect_afterTheEvent() async throws {
        try await withLoop { loop, list in
            let task = loop.createTask { await list.hasHappened() }
            try await loop.sleep(for: .zero)
            list.resumeAll()
            task.cancel()
            #expect(try await task.value)
            // A later wait of the list has another number, so it is not cancelled.
            let next = loop.createTask { await list.hasHappened() }
            try await loop.sleep(for: .zero)
            #expect(!next.isDone)
            list.resumeAll()
            #expect(try await next.value)
        }
    }

    /// A task that now waits elsewhere, after an earlier wait has ended, is cancelled in its current wait.
    @Test func cancellation_endsThePresentWait_notAnEarlierOne() async throws {
        try await withLoop { loop, list in
            let other = WaitList(queue: loop.core.queue)
            let task = loop.createTask {
                let first = await list.hasHappened()
                let second = await other.hasHappened()
                return [first, second]
            }
            try await loop.sleep(for: .zero)
            list.resumeAll()
            try await loop.sleep(for: .zero)
            let bystander = loop.createTask { await list.hasHappened() }
            try await loop.sleep(for: .zero)
            task.cancel()
            #expect(try await task.value == [true, false])
            #expect(!bystander.isDone)
            list.resumeAll()
            #expect(try await bystander.value)
        }
    }

    @Test func childTasks_areCancelledIndependently() async throws {
        try await withLoop { loop, list in
            let outcomes = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<3 { group.addTask { await list.hasHappened() } }
                try? await loop.sleep(for: .milliseconds(1))
                group.cancelAll()
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes == [false, false, false])
            #expect(list.isEmpty)
            #expect(!Task.isCancelled)
        }
    }

    @Test func cancellation_isPassedToTheLoop_fromAnotherThread() async throws {
        try await withLoop { loop, list in
            for _ in 0..<200 {
                let outcome = loop.createFuture(of: Bool.self)
                let hasBegun = Gate()
                let task = Task(executorPreference: loop.taskExecutor) {
                    hasBegun.open()
                    let isOver = await list.hasHappened()
                    try? outcome.setResult(isOver)
                }
                let helper = HelperThread {
                    hasBegun.wait()
                    task.cancel()
                }
                let value = try await outcome.value
                #expect(value == false)
                helper.join()
                #expect(list.isEmpty)
            }
        }
    }

    /// Event and cancellation at the same time: each wait ends exactly once, one way or the other.
    @Test func wait_endsOnce_inARaceOfEventAndCancellation() async throws {
        try await withLoop { loop, list in
            for round in 0..<200 {
                let outcome = loop.createFuture(of: Bool.self)
                let hasBegun = Gate()
                let task = Task(executorPreference: loop.taskExecutor) {
                    hasBegun.open()
                    let isOver = await list.hasHappened()
                    try? outcome.setResult(isOver)
                }
                let helper = HelperThread {
                    hasBegun.wait()
                    if round % 3 == 0 { usleep(20) }
                    task.cancel()
                }
                let bell = loop.createTask {
                    while !outcome.isDone {
                        list.resumeAll()
                        try await loop.sleep(for: .zero)
                    }
                }
                _ = try await outcome.value
                try await bell.value
                helper.join()
                #expect(list.isEmpty)
            }
        }
    }
}

extension WaitList {
    /// Whether the event happened before the task was cancelled.
    fileprivate func hasHappened() async -> Bool {
        await wait() == .happened
    }
}
