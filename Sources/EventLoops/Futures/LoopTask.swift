/// A future that is settled by running async code on its loop.
///
/// asyncio: `asyncio.Task`.
public final class LoopTask<Value>: Future<Value>, EndableTask, @unchecked Sendable {
    /// The task's name, for people.
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
    /// What a task without a name is called by: the text is made for who asks.
    private let number: Int
    private let scope: CancellationScope
    private var runsForAnother = false

    /// - Parameter isRefused: Whether the task will not be begun: it touches nothing of the loop, which another thread
    ///   may turn, and has no number of its own.
    package init(core: LoopCore, name: String?, at place: SourcePlace? = nil, isRefused: Bool = false) {
        givenName = name
        number = name == nil && !isRefused ? core.nextTaskNumber() : 0
        scope = CancellationScope(queue: core.queue)
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
        // Each says it all: a function that both called would be one more frame, a closure for both one more wrapper.
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

    /// Throws if the task was cancelled before its first step: then the body is not begun.
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

    /// Asks the task to end: its waiting throws `CancellationError`, and it is cancelled once it lets that through.
    ///
    /// May be called from any thread.
    ///
    /// - Parameter message: Why, for ``Future/cancelMessage``; the error itself carries none.
    /// - Returns: False if the task is done, as far as the calling thread can know. asyncio: `Task.cancel(msg)`.
    @discardableResult
    public override func cancel(message: String? = nil) -> Bool {
        if core.queue.ownership.isHome, isDone { return false }
        scope.cancel(message: message)
        return true
    }

    /// How many requests to cancel the task were made and not taken back.
    ///
    /// Any thread. asyncio: `Task.cancelling()`.
    public var cancelling: Int {
        scope.cancelRequests.count
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
        scope.uncancel()
    }

    /// The task is asked to end, and decides: it may yet have a result.
    package override func cancelByWaiter() async {
        cancel()
        await ended()
    }

    package var failure: (any Error)? {
        isCancelled ? nil : try? exception()
    }

    package var isPart: Bool { runsForAnother }

    /// Waits until the task has ended, whatever came of it.
    ///
    /// Its error counts as not seen yet. asyncio: `await asyncio.wait([task])`.
    public func ended() async {
        // What runs an eager task is known when its first step is over, and so in the next turn. The future's own wait
        // would count as a look at the error.
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
