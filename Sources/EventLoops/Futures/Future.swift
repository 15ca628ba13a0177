/// The state of a future.
///
/// Declared outside the class, because a type nested in a generic class is generic, too. In unspecialized code, each
/// use of such a type looks up its metadata, which takes 300 instructions.
private enum FutureState {
    case pending
    case finished
    case failed(any Error)
    case cancelled(message: String?)
}

/// A done callback; its argument is the future.
private struct DoneCallback {
    let token: Int
    let place: SourcePlace?
    let call: (AnyObject) throws -> Void
}

/// The done callbacks of a future.
///
/// A separate object, so that a future without callbacks has nothing to release.
private final class DoneCallbacks {
    private var waiting: [DoneCallback] = []

    func add(_ callback: DoneCallback) {
        waiting.append(callback)
    }

    func remove(_ token: Int) -> Bool {
        guard let index = waiting.firstIndex(where: { $0.token == token }) else { return false }
        waiting.remove(at: index)
        return true
    }

    var all: [DoneCallback] {
        waiting
    }
}

/// A result that will be available later.
///
/// Python's `await future` is `try await future.value` here.
///
/// It is settled once, and its result is read by callbacks and by tasks of its loop. It must be used only on the loop's
/// thread; it is `Sendable` so that it can be stored anywhere. If a future fails and its error is never retrieved, the
/// error is reported when the future is released.
///
/// asyncio: `asyncio.Future`.
public class Future<Value>: @unchecked Sendable, CustomStringConvertible {
    package final let core: LoopCore
    private final var state = FutureState.pending
    /// The result, if there is one: a pointer, because an optional would be one more generic type.
    private final var resultPlace: UnsafeMutablePointer<Value>?
    private final var callbacks: DoneCallbacks?
    private final var lastToken = 0
    private final var waiters: WaitList?
    private final var isErrorUnseen = false
    /// The name of a failed task, for the report of an error that is never retrieved.
    private final var taskName: String?
    /// Where the future was made, if debug mode was on.
    ///
    /// asyncio: `_source_traceback`.
    public package(set) final var place: SourcePlace? {
        get { madeAt }
        set { madeAt = newValue }
    }
    private final var madeAt: SourcePlace?

    package init(core: LoopCore, at place: SourcePlace? = nil) {
        self.core = core
        madeAt = place
    }

    // MARK: State

    /// Whether the future has a result or an error, or was cancelled.
    ///
    /// asyncio: `done()`.
    public final var isDone: Bool {
        if case .pending = state { false } else { true }
    }

    /// Whether the future was cancelled.
    ///
    /// asyncio: `cancelled()`.
    public final var isCancelled: Bool {
        if case .cancelled = state { true } else { false }
    }

    /// The message of ``cancel(message:)``, if the future is cancelled.
    public final var cancelMessage: String? {
        if case .cancelled(let message) = state { message } else { nil }
    }

    /// The result.
    ///
    /// - Throws: The future's error; `CancellationError` if it was cancelled; ``EventLoopError`` with `.invalidState`
    ///   if it is not done.
    ///
    /// asyncio: `result()`.
    public final func result() throws -> Value {
        try core.checkThread("result")
        isErrorUnseen = false
        switch state {
        case .finished: return resultPlace.unsafelyUnwrapped.pointee
        case .failed(let error): throw error
        case .cancelled: throw CancellationError()
        case .pending: throw EventLoopError(.invalidState, "result", detail: "Result is not set: await `value`")
        }
    }

    /// The error, or nil if there is a result.
    ///
    /// - Throws: `CancellationError` if the future was cancelled; ``EventLoopError`` with `.invalidState` if it is not
    ///   done.
    ///
    /// asyncio: `exception()`.
    public final func exception() throws -> (any Error)? {
        try core.checkThread("exception")
        isErrorUnseen = false
        switch state {
        case .finished: return nil
        case .failed(let error): return error
        case .cancelled: throw CancellationError()
        case .pending: throw EventLoopError(.invalidState, "exception", detail: "Exception is not set: await `value`")
        }
    }

    // MARK: Settling

    /// Sets the result.
    ///
    /// Callbacks and waiting tasks run in later steps of the loop, never inside this call.
    ///
    /// - Parameter value: The result.
    /// - Throws: ``EventLoopError``: `.invalidState` if the future is done; `.wrongThread` if called off the loop's
    ///   thread.
    ///
    /// asyncio: `set_result`.
    public func setResult(_ value: Value) throws {
        try checkIsPending("setResult")
        finish(value)
    }

    /// Sets the error.
    ///
    /// - Parameter error: The error.
    /// - Throws: Same as ``setResult(_:)``.
    ///
    /// asyncio: `set_exception`.
    public func setException(_ error: any Error) throws {
        try checkIsPending("setException")
        finish(.failed(error))
    }

    /// Cancels the future: tasks that wait for it get `CancellationError`.
    ///
    /// - Parameter message: The reason, for ``cancelMessage``.
    /// - Returns: False if the future was already done.
    ///
    /// asyncio: `cancel(msg)`.
    @discardableResult
    public func cancel(message: String? = nil) -> Bool {
        guard allowsUse("cancel"), !isDone else { return false }
        finish(.cancelled(message: message))
        return true
    }

    private final func checkIsPending(_ operation: String) throws(EventLoopError) {
        try core.checkThread(operation)
        guard !isDone else {
            let detail = "The future is already \(isCancelled ? "cancelled" : "done")"
            throw EventLoopError(.invalidState, operation, detail: detail)
        }
    }

    private final func finish(_ value: Value) {
        resultPlace = Self.makePlace()
        resultPlace.unsafelyUnwrapped.initialize(to: value)
        finish(.finished)
    }

    /// Returns memory for a result.
    ///
    /// A result of size zero, which most tasks have, needs no allocation.
    private static func makePlace() -> UnsafeMutablePointer<Value> {
        if MemoryLayout<Value>.size > 0 { return .allocate(capacity: 1) }
        return UnsafeMutablePointer(bitPattern: MemoryLayout<Value>.alignment).unsafelyUnwrapped
    }

    private final func finish(_ outcome: FutureState) {
        state = outcome
        let waited = waiters.map { !$0.isEmpty } ?? false
        if case .failed = outcome { isErrorUnseen = !waited }
        waiters?.resumeAll()
        guard let called = callbacks.take() else { return }
        for callback in called.all { schedule(callback.call, at: callback.place) }
    }

    /// Settles a task whose body has returned.
    ///
    /// Users cannot settle tasks.
    final func finishTask(returning value: Value) {
        if !isDone { finish(value) }
    }

    /// Settles a task whose body has thrown.
    final func finishTask(
        throwing error: any Error, wasCancelled: Bool, message: String? = nil, name: String? = nil
    ) {
        guard !isDone else { return }
        taskName = name
        finish(wasCancelled ? .cancelled(message: message) : .failed(error))
    }

    /// Settles a task with the outcome of its body.
    ///
    /// Not called where the body ends, because a `Result` is one more generic type whose metadata would be looked up.
    final func finishTask(_ result: Result<Value, any Error>, wasCancelled: Bool, message: String? = nil) {
        switch result {
        case .success(let value): finishTask(returning: value)
        case .failure(let error): finishTask(throwing: error, wasCancelled: wasCancelled, message: message)
        }
    }

    // MARK: Following

    /// Calls `callback` with this future in the turn after it is done, or in the next turn if it is already done.
    ///
    /// Callbacks run in the order in which they were added.
    ///
    /// - Parameters:
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A token for ``removeDoneCallback(_:)``.
    ///
    /// asyncio: `add_done_callback`.
    @discardableResult
    public final func addDoneCallback(
        file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping (Future<Value>) throws -> Void
    ) -> Int {
        guard allowsUse("addDoneCallback") else { return 0 }
        lastToken += 1
        let place = core.place(file, line)
        let call: (AnyObject) throws -> Void = { try callback(unsafeDowncast($0, to: Future<Value>.self)) }
        if isDone {
            schedule(call, at: place)
        } else {
            let callbacks = self.callbacks ?? DoneCallbacks()
            self.callbacks = callbacks
            callbacks.add(DoneCallback(token: lastToken, place: place, call: call))
        }
        return lastToken
    }

    /// Removes a callback that has not been scheduled.
    ///
    /// - Parameter token: The token that ``addDoneCallback(file:line:_:)`` returned.
    /// - Returns: Whether the callback was found.
    ///
    /// asyncio: `remove_done_callback`.
    @discardableResult
    public final func removeDoneCallback(_ token: Int) -> Bool {
        allowsUse("removeDoneCallback") && callbacks?.remove(token) ?? false
    }

    /// Whether the calling thread may use the future; if not, the misuse is reported.
    private final func allowsUse(_ operation: String) -> Bool {
        core.allowsUse(operation) { context in
            context.future = self
            context.sourcePlace = place
        }
    }

    private final func schedule(_ callback: @escaping (AnyObject) throws -> Void, at place: SourcePlace?) {
        guard !core.isClosed else { return }
        _ = core.callSoon(at: place) { try callback(self) }
    }

    /// The result; the calling task waits until it is available.
    ///
    /// The task does not suspend if the future is done.
    ///
    /// Cancelling the waiting task cancels the future too, as in asyncio.
    ///
    /// - Throws: The future's error. `CancellationError` if the future or the task is cancelled. ``EventLoopError``:
    ///   `.wrongThread` if the future's loop is running on another thread; `.wrongLoop` if that loop does not run the
    ///   calling task; `.invalidState` if a task waits for itself.
    ///
    /// asyncio: `await future`.
    public final var value: Value {
        get async throws {
            if !isDone {
                try core.check("value")
                guard RunningLoop.current === core else {
                    throw EventLoopError(.wrongLoop, "value", detail: "The future is attached to a different loop")
                }
                if let error = whyNotAwaitable { throw error }
                let outcome = await waitUntilDone()
                if outcome == .misplaced { throw core.queue.refusal("value") }
                if outcome == .cancelled { await cancelByWaiter() }
            }
            return try result()
        }
    }

    /// Called when a task that waits for the future is cancelled.
    package func cancelByWaiter() async {
        cancel()
    }

    /// The reason why the calling task must not wait for this future; nil if it may.
    ///
    /// Returned rather than thrown, because the compiler (6.3.1) crashes on a throwing call here.
    package var whyNotAwaitable: EventLoopError? { nil }

    private final func waitUntilDone() async -> WaitList.Outcome {
        await waitingTasks().wait()
    }

    /// Waits until the future is done, or the loop closes, even if the calling task is cancelled.
    final func waitUncancelled() async {
        guard !isDone, !core.isClosed else { return }
        await waitingTasks().waitUncancelled()
    }

    private final func waitingTasks() -> WaitList {
        if let waiters { return waiters }
        let list = WaitList(queue: core.queue)
        waiters = list
        return list
    }

    /// The state in one word and, in debug mode, where the future was made.
    public var description: String {
        "<\(type(of: self)) \(stateName)\(origin)>"
    }

    final var origin: String {
        place.map { " created at \($0)" } ?? ""
    }

    final var stateName: String {
        switch state {
        case .pending: "pending"
        case .finished: "finished"
        case .failed(let error): "failed: \(error)"
        case .cancelled: "cancelled"
        }
    }

    deinit {
        // Releasing the callbacks may release a chain of further futures: release them one after the other, not nested.
        // The callbacks have no local name, which would keep them alive until the end of this scope.
        if callbacks != nil, core.queue.ownership.isHome {
            core.releases.add(callbacks.unsafelyUnwrapped)
            callbacks = nil
            core.releases.releaseAll()
        }
        if let resultPlace {
            resultPlace.deinitialize(count: 1)
            if MemoryLayout<Value>.size > 0 { resultPlace.deallocate() }
        }
        guard isErrorUnseen, case .failed(let error) = state else { return }
        let subject = taskName.map { "Task '\($0)'" } ?? "Future"
        var context = ExceptionContext(message: "\(subject) exception was never retrieved", error: error)
        context.sourcePlace = place
        context.hintAtPlace(isDebug: core.isDebug)
        core.reportFromAnyThread(context)
    }
}

extension Future where Value == Void {
    /// Sets the result of a future without a value.
    ///
    /// - Throws: Same as ``setResult(_:)``.
    ///
    /// asyncio: `set_result(None)`.
    public final func setResult() throws {
        try setResult(())
    }
}
