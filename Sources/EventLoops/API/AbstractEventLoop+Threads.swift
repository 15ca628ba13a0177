extension AbstractEventLoop {
    /// Runs blocking work on a thread of the default executor and waits for it.
    ///
    /// The work sees the caller's task-local values. If the executor is full, the caller waits.
    ///
    /// - Parameter work: The work, which never runs on the loop's thread.
    /// - Returns: What the work returns.
    /// - Throws: What the work throws; ``EventLoopError`` with `.executorShutDown`, `.wrongThread` or `.closed`;
    ///   `CancellationError` if the task is cancelled.
    /// - Cancellation: Drops work that has not begun. Work that has begun runs to completion, and its result is
    ///   dropped.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.to_thread`.
    public func toThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try core.checkTask("toThread")
        return try await core.defaultExecutor.current("toThread").run(work)
    }
}
