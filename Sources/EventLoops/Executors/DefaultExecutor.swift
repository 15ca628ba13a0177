internal import Kernel

/// The executor of a loop where none is named: made at first use, and refused for good once it was shut down.
///
/// Any thread.
final class DefaultExecutor: Sendable {
    private enum End {
        case shutDown, closed
    }

    private let lock = Lock()
    // Both are touched with the lock held only.
    private nonisolated(unsafe) var executor: (any WorkExecutor)?
    private nonisolated(unsafe) var end: End?

    /// The executor, for this operation.
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
        // The one of before goes without the lock.
        let previous = lock.withLock { () -> (any WorkExecutor)? in
            defer { self.executor = executor }
            return self.executor
        }
        withExtendedLifetime(previous) {}
    }

    /// Gives the executor out no more, and returns it if there is one, to be shut down.
    func shutDown() -> (any WorkExecutor)? {
        lock.withLock {
            if end == nil { end = .shutDown }
            return executor
        }
    }

    /// The loop closes: what was submitted is still done, and nobody waits for it.
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
            detail: "Executor shutdown has been called: give an executor of your own, or shut down later")
    }
}
