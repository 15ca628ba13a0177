extension LoopCore {
    /// Runs synchronous code on the loop's thread and returns its result.
    ///
    /// - Parameters:
    ///   - operation: The operation's name in errors.
    ///   - body: The code; it runs even if the calling task is cancelled.
    /// - Throws: What the code throws; ``EventLoopError`` with `.closed` if the loop closes before it runs the code.
    /// - Thread: Any task.
    func call<Value: Sendable>(
        _ operation: String, _ body: @escaping @Sendable () throws -> Value
    ) async throws -> Value {
        if queue.isTurning, !isClosed { return try body() }
        // Not a continuation: the thread sanitizer does not see that resuming one orders the two threads.
        return try await Task(executorPreference: taskExecutor) { [self] in
            // The jobs of a closed loop run on another thread.
            guard queue.isTurning, !isClosed else { throw postRefusal(operation) }
            return try body()
        }.value
    }
}
