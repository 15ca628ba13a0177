/// A future that is settled by running async code on its loop.
///
/// asyncio: `asyncio.Task`.
public final class LoopTask<Value>: Future<Value>, LoopTaskProtocol, @unchecked Sendable {
    /// The task's name, for people.
    ///
    /// asyncio: `get_name`, `set_name`.
    public var name: String
    /// Set once, before anybody else has the task.
    private var job: Task<Void, Never>?

    package init(core: LoopCore, name: String?) {
        self.name = name ?? "Task-\(core.nextTaskNumber())"
        super.init(core: core)
    }

    /// Begins to run the body, in the loop's next step.
    ///
    /// It was given on the loop's thread and runs there: the executor preference keeps it there.
    package func start(_ body: @escaping () async throws -> Value) {
        core.tasks[ObjectIdentifier(self)] = self
        nonisolated(unsafe) let body = body
        job = Task(executorPreference: core.taskExecutor) {
            await CancellationScope.run(on: self.core.queue) { await self.run(body) }
        }
    }

    private func run(_ body: () async throws -> Value) async {
        let outcome: Result<Value, any Error>
        do {
            // Cancelled before its first step: then the body is not begun.
            try Task.checkCancellation()
            outcome = .success(try await body())
        } catch { outcome = .failure(error) }
        core.tasks[ObjectIdentifier(self)] = nil
        let wasCancelled = if case .failure(let error) = outcome { error is CancellationError } else { false }
        finishTask(outcome, wasCancelled: wasCancelled, name: name)
    }

    /// Asks the task to end: its waiting throws `CancellationError`, and it is cancelled once it lets that through.
    ///
    /// May be called from any thread.
    ///
    /// - Parameter message: Not kept: Swift's own cancellation carries none.
    /// - Returns: False if the task is done, as far as the calling thread can know. asyncio: `Task.cancel(msg)`.
    @discardableResult
    public override func cancel(message: String? = nil) -> Bool {
        if core.queue.isOnLoopThread, isDone { return false }
        job?.cancel()
        return true
    }

    /// The task is asked to end, and decides: it may yet have a result.
    package override func cancelByWaiter() async {
        cancel()
        await ended()
    }

    package func ended() async {
        await job?.value
    }

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

    /// The name and the state.
    public override var description: String {
        "<LoopTask \(name) \(stateName)>"
    }
}
