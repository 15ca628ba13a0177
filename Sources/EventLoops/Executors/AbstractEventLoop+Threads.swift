extension AbstractEventLoop {
    /// Runs blocking work on a thread of the default executor, and waits for it.
    ///
    /// The work sees the task-local values of the calling task. If the executor is full the caller waits for its turn.
    ///
    /// - Parameter work: What to run; never on the loop's thread.
    /// - Returns: What the work returns.
    /// - Throws: What the work throws; `CancellationError`, by which work that has not begun is dropped and work that
    ///   has begun runs to its end unheard; ``EventLoopError`` with `.executorShutDown`, `.wrongThread`, `.closed`.
    ///   asyncio: `asyncio.to_thread`.
    public func toThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try core.checkTask("toThread")
        return try await core.defaultExecutor.current("toThread").run(work)
    }
}
