/// A future that runs async code on its loop and is settled by that code.
///
/// asyncio: `asyncio.Task`.
public final class LoopTask<Value>: Future<Value>, EndableTask, @unchecked Sendable {
    /// The task's name, for humans.
    ///
    /// asyncio: `get_name`, `set_name`.
    public var name: String {
        get { givenName ?? "Task-\(number)" }
        set {
            givenName = newValue
            core.taskIsRenamed(self)
        }
    }
    private var givenName: String?
    /// The number in the default name; the string is built on demand.
    private let number: Int
    private let scope: CancellationScope
    private var runsForAnother = false

    /// - Parameter isRefused: Whether the task will never begin. A refused task does not touch the loop, which another
    ///   thread may be running, and has no number.
    package init(core: LoopCore, name: String?, at place: SourcePlace? = nil, isRefused: Bool = false) {
        givenName = name
        number = name == nil && !isRefused ? core.nextTaskNumber() : 0
        scope = CancellationScope(queue: core.queue)
        super.init(core: core, at: place)
    }

    /// Starts the body: in the loop's next turn, or at once if it is eager and the loop is running.
    ///
    /// The executor preference keeps the body on the loop's thread.
    ///
    /// - Parameters:
    ///   - eager: Whether to run the body until it suspends before this returns.
    ///   - whole: The task that this one is a part of.
    ///   - body: The code.
    package func start(
        eager: Bool = false, partOf whole: (any EndableTask)? = nil,
        _ body: @escaping @concurrent () async throws -> Value
    ) {
        if let whole {
            runsForAnother = true
            scope.isPart(of: whole)
        }
        core.taskBegins(self, scope)
        nonisolated(unsafe) let body = body
        // The code is duplicated, because a shared function or closure would cost another frame or wrapper per task.
        if eager, core.queue.isRunning, core.queue.isTurning {
            let job = scope.bound {
                .immediate(executorPreference: core.taskExecutor) {
                    do {
                        try self.beginBody()
                        self.end(with: try await body())
                    } catch { self.end(with: error) }
                }
            }
            scope.isRun(by: job)
        } else {
            let job = scope.bound {
                TaskJob(executorPreference: core.taskExecutor) {
                    do {
                        try self.beginBody()
                        self.end(with: try await body())
                    } catch { self.end(with: error) }
                }
            }
            scope.willBeRun(by: job)
        }
        core.taskHasJob(self)
    }

    /// Throws if the task was cancelled before its first step, in which case the body does not run.
    private func beginBody() throws {
        guard scope.bodyBegins() else { throw CancellationError() }
    }

    private func end(with value: Value) {
        forget()
        finishTask(returning: value)
    }

    private func end(with error: any Error) {
        forget()
        let wasCancelled = error is CancellationError
        let message = wasCancelled ? scope.cancelRequests.message : nil
        finishTask(throwing: error, wasCancelled: wasCancelled, message: message, name: name)
    }

    private func forget() {
        scope.bodyEnds()
        core.taskEnds(scope)
    }

    // MARK: Cancelling

    /// Requests cancellation: the task's current wait throws `CancellationError`, and the task is cancelled if its body
    /// rethrows that error.
    ///
    /// - Parameter message: The reason, for ``Future/cancelMessage``; the error itself carries none.
    /// - Returns: False if the task is done; on threads other than the loop's, possibly true even then.
    /// - Thread: Any.
    ///
    /// asyncio: `Task.cancel(msg)`.
    @discardableResult
    public override func cancel(message: String? = nil) -> Bool {
        if core.queue.ownership.isHome, isDone { return false }
        scope.cancel(message: message)
        return true
    }

    /// The number of cancellation requests that were not withdrawn.
    ///
    /// - Thread: Any.
    ///
    /// asyncio: `Task.cancelling()`.
    public var cancelling: Int {
        scope.cancelRequests.count
    }

    /// Withdraws one cancellation request.
    ///
    /// Swift's own flag stays set: once cancelled, a task gets `CancellationError` at each later wait. Code that must
    /// continue needs a task of its own.
    ///
    /// - Returns: The number of requests left; never below zero.
    /// - Thread: Any.
    ///
    /// asyncio: `Task.uncancel()`.
    @discardableResult
    public func uncancel() -> Int {
        scope.uncancel()
    }

    /// Requests cancellation and waits for the task, which may still return a result.
    package override func cancelByWaiter() async {
        cancel()
        await ended()
    }

    package var failure: (any Error)? {
        isCancelled ? nil : try? exception()
    }

    package var isPart: Bool { runsForAnother }

    /// Waits until the task has ended, whatever its outcome.
    ///
    /// Does not count as retrieving the error.
    ///
    /// asyncio: `await asyncio.wait([task])`.
    public func ended() async {
        // The job of an eager task is known after its first step, and thus in the next turn. The future's own wait
        // would count as retrieving the error.
        if job == nil, core.queue.isTurning, !isDone {
            await withUnsafeContinuation { core.queue.append(yielded: $0) }
        }
        _ = await job?.result
    }

    package var job: TaskJob? {
        scope.cancelRequests.job
    }

    package var label: TaskLabel {
        TaskLabel(name: name, place: place)
    }

    package override var whyNotAwaitable: EventLoopError? {
        guard CancellationScope.owner(on: core.queue) === self else { return nil }
        return EventLoopError(.invalidState, "value", detail: "A task cannot wait for itself")
    }

    // MARK: Settling

    /// Always throws, because the body settles a task.
    ///
    /// asyncio: "Task does not support set_result operation".
    ///
    /// - Parameter value: Not used.
    /// - Throws: ``EventLoopError`` with `.invalidState`.
    public override func setResult(_ value: Value) throws {
        throw EventLoopError(.invalidState, "setResult", detail: "A task is settled by its body")
    }

    /// Always throws, because the body settles a task.
    ///
    /// asyncio: "Task does not support set_exception operation".
    ///
    /// - Parameter error: Not used.
    /// - Throws: ``EventLoopError`` with `.invalidState`.
    public override func setException(_ error: any Error) throws {
        throw EventLoopError(.invalidState, "setException", detail: "A task is settled by its body")
    }

    /// The name and the state and, in debug mode, where the task was made.
    public override var description: String {
        "<LoopTask \(name) \(stateName)\(origin)>"
    }
}
