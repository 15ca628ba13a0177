import EventLoops
import Kernel
import TestSupport
import Testing

@Suite struct AwaitedOperationTests {
    private func withLoop(_ body: @escaping @Sendable (FakeLoop) async throws -> Void) async throws {
        try await onThread {
            let loop = try FakeLoop()
            defer { #expect(throws: Never.self) { try loop.close() } }
            try loop.runUntilComplete { try await body(loop) }
        }
    }

    @Test(arguments: WaitingTask.allCases)
    private func value_isTheResultOfTheOperation(_ waiter: WaitingTask) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let wait = Wait(operation, waiter, on: loop)
            try await loop.sleep(for: .zero)
            #expect(operation.isInFlight)
            operation.finish(.success(7))
            #expect(try await wait.value() == 7)
            #expect(operation.steps == [.start])
        }
    }

    @Test(arguments: WaitingTask.allCases)
    private func value_isAvailable_ifTheOperationFinishesWhileItStarts(_ waiter: WaitingTask) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop, atOnce: .success(3))
            let value = try await Wait(operation, waiter, on: loop).value()
            #expect(value == 3)
            let failing = ManualOperation(loop, atOnce: .failure(.connectionRefused))
            await #expect(throws: Errno.connectionRefused) { try await Wait(failing, waiter, on: loop).value() }
        }
    }

    @Test(arguments: WaitingTask.allCases)
    private func operation_isNotStarted_forACancelledTask(_ waiter: WaitingTask) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let wait = Wait(operation, waiter, on: loop, cancelledBefore: true)
            await #expect(throws: CancellationError.self) { try await wait.value() }
            #expect(operation.steps == [])
        }
    }

    @Test(arguments: WaitingTask.allCases)
    private func cancellation_isRequestedOnce_andAwaitsTheDriver(_ waiter: WaitingTask) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let wait = Wait(operation, waiter, on: loop)
            try await loop.sleep(for: .zero)
            wait.cancel()
            wait.cancel()
            try await loop.sleep(for: .zero)
            #expect(operation.steps == [.start, .requestCancel])
            #expect(operation.isInFlight)
            operation.finish(.failure(.canceled))
            await #expect(throws: CancellationError.self) { try await wait.value() }
            #expect(operation.steps == [.start, .requestCancel])
        }
    }

    @Test(arguments: WaitingTask.allCases)
    private func result_isAbandoned_ifItArrivesAfterTheCancellation(_ waiter: WaitingTask) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let wait = Wait(operation, waiter, on: loop)
            try await loop.sleep(for: .zero)
            wait.cancel()
            operation.finish(.success(9))
            await #expect(throws: CancellationError.self) { try await wait.value() }
            #expect(operation.steps == [.start, .requestCancel, .abandon(9)])
        }
    }

    /// The operation has ended, but its task has not resumed yet.
    @Test(arguments: WaitingTask.allCases)
    private func result_isAbandoned_ifTheTaskIsCancelledInTheSameTurn(_ waiter: WaitingTask) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let wait = Wait(operation, waiter, on: loop)
            try await loop.sleep(for: .zero)
            operation.finish(.success(9))
            wait.cancel()
            await #expect(throws: CancellationError.self) { try await wait.value() }
            #expect(operation.steps == [.start, .abandon(9)])
        }
    }

    @Test func outcome_passesALateResultToTheCaller() async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let task = loop.createTask { await operation.outcome() }
            try await loop.sleep(for: .zero)
            task.cancel()
            operation.finish(.success(5))
            #expect(try await task.value == .finishedFirst(5))
            #expect(operation.steps == [.start, .requestCancel])
        }
    }

    @Test func secondCompletion_isRefused() async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let wait = Wait(operation, .loopTask, on: loop)
            try await loop.sleep(for: .zero)
            #expect(operation.finish(.success(1)))
            #expect(!operation.finish(.success(2)))
            #expect(!operation.finish(.failure(.canceled)))
            #expect(try await wait.value() == 1)
            #expect(operation.steps == [.start])
        }
    }

    /// A task that waits elsewhere afterwards is cancelled there.
    @Test func cancellation_doesNotReachAnOperationThatHasEnded() async throws {
        try await withLoop { loop in
            let (first, second) = (ManualOperation(loop), ManualOperation(loop))
            let task = loop.createTask { (try await first.value("test"), await second.outcome()) }
            try await loop.sleep(for: .zero)
            first.finish(.success(1))
            try await loop.sleep(for: .zero)
            task.cancel()
            second.finish(.failure(.canceled))
            let outcomes = try await task.value
            #expect(outcomes == (1, .cancelled))
            #expect(first.steps == [.start])
            #expect(second.steps == [.start, .requestCancel])
        }
    }

    /// Sockets use the same objects for all their operations.
    @Test(arguments: WaitingTask.allCases)
    private func operation_canBeUsedAgain(_ waiter: WaitingTask) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let first = Wait(operation, waiter, on: loop)
            try await loop.sleep(for: .zero)
            first.cancel()
            operation.finish(.failure(.canceled))
            await #expect(throws: CancellationError.self) { try await first.value() }
            for number in 1...2 {
                let next = Wait(operation, waiter, on: loop)
                try await loop.sleep(for: .zero)
                // This does not concern the present wait.
                first.cancel()
                try await loop.sleep(for: .zero)
                operation.finish(.success(number))
                #expect(try await next.value() == number)
            }
            #expect(operation.steps == [.start, .requestCancel, .start, .start])
        }
    }

    @Test func operationThatItsOwnerEnds_givesItsTaskTheResult_orAnError() async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            for result in [Result<Int, Errno>.success(4), .failure(.canceled)] {
                let task = loop.createTask { await operation.outcome() }
                try await loop.sleep(for: .zero)
                operation.wait.end()
                operation.wait.end()
                operation.finish(result)
                #expect(try await task.value == (result == .success(4) ? .finished(4) : .failed(.canceled)))
            }
            #expect(operation.steps == [.start, .requestCancel, .start, .requestCancel])
        }
    }

    @Test func severalOperations_areCancelledIndependently() async throws {
        try await withLoop { loop in
            let operations = (0..<3).map { _ in ManualOperation(loop) }
            let waits = operations.map { Wait($0, .loopTask, on: loop) }
            try await loop.sleep(for: .zero)
            waits[1].cancel()
            #expect(operations.map { $0.steps.count } == [1, 2, 1])
            for (number, operation) in operations.enumerated() { operation.finish(.success(number)) }
            #expect(try await waits[0].value() == 0)
            await #expect(throws: CancellationError.self) { try await waits[1].value() }
            #expect(try await waits[2].value() == 2)
        }
    }

    @Test func childTask_isCancelledIndependently() async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let outcome = await withTaskGroup(of: OperationOutcome.self) { group in
                group.addTask { await operation.outcome() }
                try? await loop.sleep(for: .milliseconds(1))
                #expect(operation.wait.ownerText.contains("LoopTask"))
                group.cancelAll()
                operation.finish(.failure(.canceled))
                return await group.next()
            }
            #expect(outcome == .cancelled)
            #expect(!Task.isCancelled)
        }
    }

    @Test func cancelling_isHandedOver_fromAnotherThread() async throws {
        try await withLoop { loop in
            for waiter in WaitingTask.allCases {
                let operation = ManualOperation(loop)
                operation.endsOnRequest = true
                let wait = Wait(operation, waiter, on: loop)
                try await loop.sleep(for: .zero)
                let helper = HelperThread { wait.cancel() }
                await #expect(throws: CancellationError.self) { try await wait.value() }
                helper.join()
                #expect(operation.steps == [.start, .requestCancel])
            }
        }
    }

    // MARK: The loop closes

    @Test(arguments: WaitingTask.allCases, [false, true])
    private func closingTheLoop_endsTheOperation(_ waiter: WaitingTask, finishesFirst: Bool) async throws {
        try await onThread {
            let loop = try FakeLoop()
            let operation = ManualOperation(loop)
            operation.endsOnRequest = !finishesFirst
            let outcome = OutcomeBox()
            try loop.runUntilComplete {
                outcome.fill(from: operation, waiter, on: loop)
                try await loop.sleep(for: .zero)
                #expect(operation.isInFlight)
            }
            if finishesFirst { loop.driver.onClose { operation.finish(.success(4)) } }
            try loop.close()
            #expect(outcome.wait() == (waiter == .loopTask ? .cancelled : .closed))
            #expect(operation.steps.prefix(2) == [.start, .requestCancel])
        }
    }

    @Test func closedLoop_startsNothing() async throws {
        try await onThread {
            let loop = try FakeLoop()
            let (operation, late) = (ManualOperation(loop), ManualOperation(loop))
            operation.endsOnRequest = true
            let outcome = OutcomeBox()
            try loop.runUntilComplete {
                Task(executorPreference: loop.taskExecutor) {
                    _ = await operation.outcome()
                    while !loop.core.queue.isClosed { await Task.yield() }
                    outcome.set(await late.outcome())
                }
                try await loop.sleep(for: .zero)
            }
            try loop.close()
            #expect(outcome.wait() == .closed)
            #expect(late.steps == [])
        }
    }

    // MARK: Other threads

    @Test func taskThatDoesNotPreferTheLoop_isRefused() async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let task = Task.immediate { try await operation.value("connect") }
            let result = await task.result
            let error = #expect(throws: EventLoopError.self) { try result.get() }
            #expect(error?.code == .wrongThread)
            #expect(error?.operation == "connect")
            #expect(operation.steps == [])
        }
    }

    @Test func pinnedActor_mayWait_inATaskOfAnyThread() async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let pinned = Pinned(loop)
            let task = Task.detached { try await pinned.wait(for: operation) }
            while !operation.isInFlight { try await loop.sleep(for: .milliseconds(1)) }
            operation.finish(.success(8))
            #expect(try await task.value == 8)
        }
    }

    /// An actor that other threads use, too, may continue on one of them: the result is then abandoned, on the loop.
    @Test func sharedActor_receivesTheResult_orAbandonsIt() async throws {
        try await withLoop { loop in
            for _ in 0..<20 {
                let operation = ManualOperation(loop)
                let shared = Shared()
                Task.detached { await shared.hold() }
                let task = loop.createTask { try await shared.wait(for: operation) }
                // Repeated until it takes effect: an operation that has not started cannot finish.
                var ringer: TimerHandle?
                func ring() {
                    ringer = loop.callLater(.microseconds(300)) { if !operation.finish(.success(6)) { ring() } }
                }
                ring()
                do {
                    let value = try await task.value
                    #expect(value == 6)
                    #expect(operation.steps == [.start])
                } catch let error as EventLoopError {
                    #expect(error.code == .wrongThread)
                    // The task resumes elsewhere before or after the operation has started.
                    try await loop.sleep(for: .milliseconds(1))
                    #expect(operation.steps == [] || operation.steps == [.start, .abandon(6)])
                }
                ringer?.cancel()
            }
        }
    }
}
