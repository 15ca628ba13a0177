internal import Kernel

/// A loop's default executor: made on first use, and permanently unavailable after it has been shut down.
///
/// - Thread: Any.
final class DefaultExecutor: Sendable {
    private enum End {
        case shutDown, closed
    }

    private let lock = Lock()
    // Both are guarded by the lock.
    private nonisolated(unsafe) var executor: (any WorkExecutor)?
    private nonisolated(unsafe) var end: End?

    /// The executor; errors name `operation`.
    func current(_ operation: String) throws(EventLoopError) -> any WorkExecutor {
        let found = lock.withLock { () -> Result<any WorkExecutor, EventLoopError> in
            switch end {
            case .closed: return .failure(.closed(operation))
            case .shutDown: return .failure(.executorShutDown(operation))
            case nil:
                let current = executor ?? ThreadPoolExecutor()
                executor = current
                return .success(current)
            }
        }
        return try found.get()
    }

    func set(_ executor: any WorkExecutor) {
        // Releases the previous executor outside the lock.
        let previous = lock.withLock { () -> (any WorkExecutor)? in
            defer { self.executor = executor }
            return self.executor
        }
        withExtendedLifetime(previous) {}
    }

    /// Makes the executor unavailable, and returns it, if there is one, for the caller to shut down.
    func shutDown() -> (any WorkExecutor)? {
        lock.withLock {
            if end == nil { end = .shutDown }
            return executor
        }
    }

    /// Shuts down without waiting, because the loop is closing.
    ///
    /// Submitted work still runs.
    func close() {
        let last = lock.withLock { () -> (any WorkExecutor)? in
            end = .closed
            return executor.take()
        }
        last?.shutdown(wait: false, cancelPending: false)
    }
}

extension EventLoopError {
    fileprivate static func executorShutDown(_ operation: String) -> EventLoopError {
        EventLoopError(
            .executorShutDown, operation,
            detail: "Executor shutdown has been called: pass an executor of your own, or shut down later")
    }
}
