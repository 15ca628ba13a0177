import EventLoops
import Kernel
import Testing

/// Tasks of the loop's own, which are cancelled through their scope, and tasks that the loop does not know.
private enum Waiter: CaseIterable {
    case loopTask, otherTask
}

@Suite struct AwaitedOperationTests {
    private func withLoop(_ body: @escaping @Sendable (FakeLoop) async throws -> Void) async throws {
        try await onThread {
            let loop = try FakeLoop()
            defer { #expect(throws: Never.self) { try loop.close() } }
            try loop.runUntilComplete { try await body(loop) }
        }
    }

    @Test(arguments: Waiter.allCases)
    private func value_isTheResult_ofAnOperationThatFinishes(_ waiter: Waiter) async throws {
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

    @Test(arguments: Waiter.allCases)
    private func value_isThere_ifTheOperationFinishesWhileItStarts(_ waiter: Waiter) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop, atOnce: .success(3))
            let value = try await Wait(operation, waiter, on: loop).value()
            #expect(value == 3)
            let failing = ManualOperation(loop, atOnce: .failure(.connectionRefused))
            await #expect(throws: Errno.connectionRefused) { try await Wait(failing, waiter, on: loop).value() }
        }
    }

    @Test(arguments: Waiter.allCases)
    private func operation_isNotStarted_forATaskThatIsCancelledBefore(_ waiter: Waiter) async throws {
        try await withLoop { loop in
            let operation = ManualOperation(loop)
            let wait = Wait(operation, waiter, on: loop, cancelledBefore: true)
            await #expect(throws: CancellationError.self) { try await wait.value() }
            #expect(operation.steps == [])
        }
    }

    @Test(arguments: Waiter.allCases)
    private func cancelledOperation_isAskedOnce_andAwaitsTheDriver(_ waiter: Waiter) async throws {
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

    @Test(arguments: Waiter.allCases)
    private func result_isAbandoned_ifItArrivesAfterTheCancellation(_ waiter: Waiter) async throws {
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

    /// The operation is over, but its task has not run yet.
    @Test(arguments: Waiter.allCases)
    private func result_isAbandoned_ifTheTaskIsCancelledInTheSameTurn(_ waiter: Waiter) async throws {
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

    @Test func outcome_givesALateResultToTheCaller() async throws {
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

    @Test func secondEnd_isRefused() async throws {
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
    @Test func cancelling_doesNotReachAnOperationThatIsOver() async throws {
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

    @Test func severalOperations_areCancelledOneByOne() async throws {
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

    @Test func childTask_isCancelledAlone() async throws {
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
            for waiter in Waiter.allCases {
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

    @Test(arguments: Waiter.allCases, [false, true])
    private func closingTheLoop_endsTheOperation(_ waiter: Waiter, finishesFirst: Bool) async throws {
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

    @Test func pinnedActor_waits_inATaskOfAnyThread() async throws {
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
                let ringer = loop.callLater(.microseconds(300)) { operation.finish(.success(6)) }
                do {
                    let value = try await task.value
                    #expect(value == 6)
                    #expect(operation.steps == [.start])
                } catch let error as EventLoopError {
                    #expect(error.code == .wrongThread)
                    // The task continued elsewhere before or after the operation was started.
                    try await loop.sleep(for: .milliseconds(1))
                    #expect(operation.steps == [] || operation.steps == [.start, .abandon(6)])
                }
                ringer.cancel()
            }
        }
    }
}

// MARK: Helpers

/// An operation whose end the test decides.
private final class ManualOperation: AwaitedOperation, @unchecked Sendable {
    enum Step: Equatable {
        case start
        case requestCancel
        case abandon(Int)
    }

    let wait: OperationWait
    private(set) var steps: [Step] = []
    var endsOnRequest = false
    private let atOnce: Result<Int, Errno>?
    private let core: LoopCore

    init(_ loop: FakeLoop, atOnce: Result<Int, Errno>? = nil) {
        self.atOnce = atOnce
        core = loop.core
        wait = OperationWait(queue: loop.core.queue)
    }

    var isInFlight: Bool { wait.isInFlight }

    func value(_ name: StaticString) async throws -> Int {
        try await wait.value(of: self, name)
    }

    func outcome() async -> OperationOutcome {
        await wait.outcome(of: self)
    }

    @discardableResult
    func finish(_ result: Result<Int, Errno>) -> Bool {
        wait.finish(result)
    }

    func start() {
        #expect(core.queue.isTurning)
        steps.append(.start)
        if let atOnce { finish(atOnce) }
    }

    func requestCancel() {
        #expect(core.queue.isTurning)
        steps.append(.requestCancel)
        if endsOnRequest { finish(.failure(.canceled)) }
    }

    func abandon(_ result: Int) {
        steps.append(.abandon(result))
    }
}

/// A task that awaits an operation, seen from a task of the loop.
private final class Wait: Sendable {
    private let end: Future<Int>
    private let canceller: @Sendable () -> Void

    init(_ operation: ManualOperation, _ waiter: Waiter, on loop: FakeLoop, cancelledBefore: Bool = false) {
        let end = loop.createFuture(of: Int.self)
        self.end = end
        let body: @Sendable () async -> Void = {
            do { try end.setResult(try await operation.value("test")) } catch { try? end.setException(error) }
        }
        switch waiter {
        case .loopTask:
            let task = loop.createTask {
                if cancelledBefore { withUnsafeCurrentTask { $0?.cancel() } }
                await body()
            }
            canceller = { task.cancel() }
        case .otherTask:
            let task = Task(executorPreference: loop.taskExecutor) { await body() }
            if cancelledBefore { task.cancel() }
            canceller = { task.cancel() }
        }
    }

    func cancel() {
        canceller()
    }

    func value() async throws -> Int {
        try await end.value
    }
}

/// The outcome of a task that may end after its loop has closed.
private final class OutcomeBox: Sendable {
    private let outcome = Locked<OperationOutcome?>(nil)
    private let isSet = Gate()

    func fill(from operation: ManualOperation, _ waiter: Waiter, on loop: FakeLoop) {
        switch waiter {
        case .loopTask: loop.createTask { self.set(await operation.outcome()) }
        case .otherTask: Task(executorPreference: loop.taskExecutor) { self.set(await operation.outcome()) }
        }
    }

    func set(_ outcome: OperationOutcome) {
        self.outcome.value = outcome
        isSet.open()
    }

    func wait() -> OperationOutcome? {
        isSet.wait()
        return outcome.value
    }
}

private actor Pinned {
    private let loop: FakeLoop

    init(_ loop: FakeLoop) {
        self.loop = loop
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor {
        loop.serialExecutor.asUnownedSerialExecutor()
    }

    func wait(for operation: ManualOperation) async throws -> Int {
        try await operation.value("test")
    }
}

private actor Shared {
    func hold() {
        let end = MonotonicClock.now() + 2_000_000
        while MonotonicClock.now() < end {}
    }

    func wait(for operation: ManualOperation) async throws -> Int {
        try await operation.value("test")
    }
}
