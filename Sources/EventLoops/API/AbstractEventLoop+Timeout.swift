extension AbstractEventLoop {
    /// Runs async code, and cancels it if it takes longer than a given time.
    ///
    /// The code starts at once and runs as part of the calling task: ``currentTask()`` is the same inside, and
    /// cancelling the calling task cancels the code. Scopes can be nested; each throws only for its own deadline.
    ///
    ///     try await loop.withTimeout(.seconds(10)) { timeout in
    ///         try await login()
    ///         try timeout.reschedule(loop.time.advanced(by: .seconds(60)))
    ///         try await transfer()
    ///     }
    ///
    /// - Parameters:
    ///   - delay: How long the code may take; nil for no limit. If zero or negative, the code is cancelled at its first
    ///     wait.
    ///   - body: The code, which receives the deadline and can move it.
    /// - Returns: What the code returns, even after the deadline.
    /// - Throws: ``EventLoopError``: `.timedOut` if the code throws `CancellationError` after the deadline;
    ///   `.wrongThread`; `.closed`. Any other error that the code throws.
    /// - Cancellation: Cancels the code and waits until it has ended.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `async with timeout(delay)`.
    public func withTimeout<Value>(
        _ delay: Duration?, _ body: @escaping (LoopTimeout) async throws -> Value
    ) async throws -> Value {
        try await withTimeout(at: delay.map { core.now.advanced(by: $0) }, body)
    }

    /// Runs async code, and cancels it if it takes longer than a given time.
    ///
    ///     try await loop.withTimeout(.seconds(10)) { try await login() }
    ///
    /// - Parameters:
    ///   - delay: How long the code may take; nil for no limit.
    ///   - body: The code.
    /// - Returns: What the code returns, even after the deadline.
    /// - Throws: Same as the ``withTimeout(_:_:)`` whose code receives the deadline.
    /// - Cancellation: Cancels the code and waits until it has ended.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `async with timeout(delay)`.
    public func withTimeout<Value>(_ delay: Duration?, _ body: @escaping () async throws -> Value) async throws -> Value
    {
        try await withTimeout(delay) { (_: LoopTimeout) in try await body() }
    }

    /// Runs async code, and cancels it at an instant of the loop's clock.
    ///
    /// - Parameters:
    ///   - when: The deadline; nil for none.
    ///   - body: The code, which receives the deadline and can move it.
    /// - Returns: What the code returns, even after the deadline.
    /// - Throws: Same as ``withTimeout(_:_:)``.
    /// - Cancellation: Cancels the code and waits until it has ended.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `async with timeout_at(when)`.
    public func withTimeout<Value>(
        at when: LoopInstant?, _ body: @escaping (LoopTimeout) async throws -> Value
    ) async throws -> Value {
        try core.checkTask("withTimeout")
        // Swift cannot undo a cancellation, so the cancelled task must not be the caller's.
        let part = LoopTask<Value>(core: core, name: "timeout")
        let timeout = LoopTimeout(core: core) { [weak part] in part?.cancel() ?? false }
        try timeout.reschedule(when)
        defer { timeout.end() }
        part.start(eager: true, partOf: CancellationScope.owner(on: core.queue) ?? part) { try await body(timeout) }
        do { return try await part.value } catch is CancellationError where timeout.expired && !Task.isCancelled {
            throw EventLoopError(.timedOut, "withTimeout", detail: "The deadline passed before the code had ended")
        } catch {
            // If the caller was refused but the code was not, nothing waits for the code any more.
            part.cancel()
            throw error
        }
    }
}
