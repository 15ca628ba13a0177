extension AbstractEventLoop {
    /// Waits for a future for a limited time; on timeout, cancels the future and waits until it has ended.
    ///
    /// For async code, use the form with a closure:
    ///
    ///     try await loop.waitFor(timeout: .seconds(1)) { try await loop.sleep(for: .seconds(5)) }
    ///
    /// No result is lost: if the future is done by the timeout, or has a result although it was cancelled, the result
    /// is returned.
    ///
    /// - Parameters:
    ///   - future: A future or task of this loop.
    ///   - timeout: The maximum time to wait; nil for no limit. If it is not positive, a future that is not done is
    ///     cancelled at once.
    /// - Returns: The future's result.
    /// - Throws: ``EventLoopError``: `.timedOut`, once the future has ended; `.wrongLoop` if it belongs to another
    ///   loop; `.wrongThread`; `.closed`. The future's error. `CancellationError` if the task or the future is
    ///   cancelled.
    /// - Cancellation: Cancels the future, and waits until it has ended.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `wait_for(future, timeout)`.
    public func waitFor<Value>(_ future: Future<Value>, timeout: Duration?) async throws -> Value {
        try core.checkTask("waitFor")
        try core.checkOwn(future, "waitFor")
        guard !future.isDone, let timeout else { return try await future.value }
        var hasExpired = false
        let expire: () -> Void = {
            hasExpired = future.cancel(message: nil)
        }
        let timer = timeout > .zero ? core.callAt(core.now.advanced(by: timeout), expire) : nil
        if timer == nil { expire() }
        defer { timer?.cancel() }
        do { return try await future.value } catch is CancellationError where hasExpired && !Task.isCancelled {
            throw EventLoopError(.timedOut, "waitFor", detail: "It did not end within \(timeout)")
        }
    }

    /// Runs async code as a task for a limited time.
    ///
    ///     try await loop.waitFor(timeout: .seconds(1)) { try await loop.sleep(for: .seconds(5)) }
    ///
    /// - Parameters:
    ///   - timeout: The maximum time to wait; nil for no limit. If it is not positive, the code is not started.
    ///   - body: The code.
    /// - Returns: What the code returns.
    /// - Throws: Same as ``waitFor(_:timeout:)``.
    /// - Cancellation: Cancels the code, and waits until it has ended.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `wait_for(coroutine, timeout)`.
    public func waitFor<Value>(timeout: Duration?, _ body: @escaping () async throws -> Value) async throws -> Value {
        try core.checkTask("waitFor")
        return try await waitFor(core.createTask(name: nil, plain: body), timeout: timeout)
    }
}
