import Synchronization

/// What of a task other threads may touch, too.
///
/// Not in the class, where it would be generic: see `FutureState`.
private struct TaskRequests {
    var job: Task<Void, Never>?
    var count = 0
    var message: String?
}

/// A future that is settled by running async code on its loop.
///
/// asyncio: `asyncio.Task`.
public final class LoopTask<Value>: Future<Value>, EndableTask, @unchecked Sendable {
    /// The task's name, for people.
    ///
    /// asyncio: `get_name`, `set_name`.
    public var name: String {
        didSet { core.taskIsRenamed(self) }
    }
    private let requests = Mutex(TaskRequests())
    package private(set) var isPart = false

    package init(core: LoopCore, name: String?, at place: SourcePlace? = nil) {
        self.name = name ?? "Task-\(core.nextTaskNumber())"
        super.init(core: core, at: place)
    }

    /// Begins to run the body: in the loop's next turn, or at once if it is eager and the loop runs.
    ///
    /// It was given on the loop's thread and runs there: the executor preference keeps it there.
    ///
    /// - Parameters:
    ///   - eager: Whether to run the body until it suspends before this returns.
    ///   - whole: The task of which this one runs a part.
    ///   - body: The code.
    package func start(eager: Bool = false, partOf whole: AnyObject? = nil, _ body: @escaping () async throws -> Value)
    {
        core.tasks[ObjectIdentifier(self)] = self
        isPart = whole != nil
        let owner = whole ?? self
        nonisolated(unsafe) let (body, shown) = (body, owner)
        let job =
            if eager, core.queue.isTurning {
                Task.immediate(executorPreference: core.taskExecutor) {
                    await CancellationScope.run(on: self.core.queue, for: shown) { await self.run(body) }
                }
            } else {
                Task(executorPreference: core.taskExecutor) {
                    await CancellationScope.run(on: self.core.queue, for: shown) { await self.run(body) }
                }
            }
        // An eager body may have been cancelled by itself before there was a job to be told.
        let wasCancelled = requests.withLock { requests in
            requests.job = job
            return requests.count > 0
        }
        if wasCancelled { job.cancel() }
        if !isDone { core.taskBegins(self, job) }
    }

    private func run(_ body: () async throws -> Value) async {
        do {
            // Cancelled before its first step: then the body is not begun.
            try Task.checkCancellation()
            let value = try await body()
            forget()
            finishTask(returning: value)
        } catch {
            forget()
            let wasCancelled = error is CancellationError
            let message = wasCancelled ? requests.withLock { $0.message } : nil
            finishTask(.failure(error), wasCancelled: wasCancelled, message: message, name: name)
        }
    }

    private func forget() {
        core.tasks[ObjectIdentifier(self)] = nil
        core.taskEnds()
    }

    // MARK: Cancelling

    /// Asks the task to end: its waiting throws `CancellationError`, and it is cancelled once it lets that through.
    ///
    /// May be called from any thread.
    ///
    /// - Parameter message: Why, for ``Future/cancelMessage``; the error itself carries none.
    /// - Returns: False if the task is done, as far as the calling thread can know. asyncio: `Task.cancel(msg)`.
    @discardableResult
    public override func cancel(message: String? = nil) -> Bool {
        if core.queue.isOnLoopThread, isDone { return false }
        let job = requests.withLock { requests in
            requests.count += 1
            requests.message = message
            return requests.job
        }
        job?.cancel()
        return true
    }

    /// How many requests to cancel the task were made and not taken back.
    ///
    /// Any thread. asyncio: `Task.cancelling()`.
    public var cancelling: Int {
        requests.withLock { $0.count }
    }

    /// Takes one request to cancel the task back from the count.
    ///
    /// Swift's own mark stays: a task that was cancelled once is cancelled at each of its later waits. What must go on
    /// nevertheless runs in another task.
    ///
    /// Any thread.
    ///
    /// - Returns: How many requests are left; never below zero. asyncio: `Task.uncancel()`.
    @discardableResult
    public func uncancel() -> Int {
        requests.withLock { requests in
            requests.count = max(0, requests.count - 1)
            return requests.count
        }
    }

    /// The task is asked to end, and decides: it may yet have a result.
    package override func cancelByWaiter() async {
        cancel()
        await ended()
    }

    package var failure: (any Error)? {
        isCancelled ? nil : try? exception()
    }

    package func ended() async {
        await job?.value
    }

    package var job: Task<Void, Never>? {
        requests.withLock { $0.job }
    }

    package var label: TaskLabel {
        TaskLabel(name: name, place: place)
    }

    package override var whyNotAwaitable: EventLoopError? {
        guard CancellationScope.owner(on: core.queue) === self else { return nil }
        return EventLoopError(.invalidState, "value", detail: "A task cannot wait for itself")
    }

    // MARK: Settling

    /// Always an error: the body settles a task.
    ///
    /// asyncio: "Task does not support set_result operation".
    ///
    /// - Parameter value: Not used.
    /// - Throws: ``EventLoopError`` with `.invalidState`.
    public override func setResult(_ value: Value) throws {
        throw EventLoopError(.invalidState, "setResult", detail: "A task is settled by its body")
    }

    /// Always an error: the body settles a task.
    ///
    /// asyncio: "Task does not support set_exception operation".
    ///
    /// - Parameter error: Not used.
    /// - Throws: ``EventLoopError`` with `.invalidState`.
    public override func setException(_ error: any Error) throws {
        throw EventLoopError(.invalidState, "setException", detail: "A task is settled by its body")
    }

    /// The name and the state, and in debug mode where the task was made.
    public override var description: String {
        "<LoopTask \(name) \(stateName)\(origin)>"
    }
}
