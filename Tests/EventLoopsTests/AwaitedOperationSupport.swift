import EventLoops
import Kernel
import TestSupport
import Testing

/// Tasks of the loop, which are cancelled through their scope, and tasks that the loop does not own.
enum WaitingTask: CaseIterable {
    case loopTask, otherTask
}

/// An operation that ends when the test decides.
final class ManualOperation: AwaitedOperation, @unchecked Sendable {
    enum Step: Equatable, Sendable {
        case start
        case requestCancel
        case abandon(Int)
    }

    let wait: OperationWait
    /// Behind a lock: the result of an operation whose loop has closed is abandoned on another thread.
    private let taken = Locked<[Step]>([])
    var steps: [Step] { taken.value }
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
        taken.update { $0.append(.start) }
        if let atOnce { finish(atOnce) }
    }

    func requestCancel() {
        #expect(core.queue.isTurning)
        taken.update { $0.append(.requestCancel) }
        if endsOnRequest { finish(.failure(.canceled)) }
    }

    func abandon(_ result: Int) {
        taken.update { $0.append(.abandon(result)) }
    }
}

/// A task that awaits an operation, as seen by a task of the loop.
final class Wait: Sendable {
    private let end: Future<Int>
    private let canceller: @Sendable () -> Void

    init(_ operation: ManualOperation, _ waiter: WaitingTask, on loop: FakeLoop, cancelledBefore: Bool = false) {
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
final class OutcomeBox: Sendable {
    private let outcome = Locked<OperationOutcome?>(nil)
    private let isSet = Gate()

    func fill(from operation: ManualOperation, _ waiter: WaitingTask, on loop: FakeLoop) {
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

actor Pinned {
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

actor Shared {
    func hold() {
        let end = MonotonicClock.now() + 2_000_000
        while MonotonicClock.now() < end {}
    }

    func wait(for operation: ManualOperation) async throws -> Int {
        try await operation.value("test")
    }
}
