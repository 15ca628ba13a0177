internal import Kernel

/// The policy of the process: the one set last, or a ``DefaultEventLoopPolicy``.
///
/// - Returns: The same object until another one is set.
/// - Thread: Any.
///
/// asyncio: `asyncio.get_event_loop_policy()`.
public func getEventLoopPolicy() -> any EventLoopPolicy {
    CurrentPolicy.get()
}

/// Sets the policy of the process, for all threads, from the next call on.
///
/// Existing loops do not change.
///
/// - Parameter policy: The policy; nil for a new ``DefaultEventLoopPolicy``, under which no thread has a loop.
/// - Thread: Any.
///
/// asyncio: `asyncio.set_event_loop_policy(policy)`.
public func setEventLoopPolicy(_ policy: (any EventLoopPolicy)?) {
    CurrentPolicy.set(policy)
}

private enum CurrentPolicy {
    private static let lock = Lock()
    private nonisolated(unsafe) static var policy: (any EventLoopPolicy)?

    static func get() -> any EventLoopPolicy {
        lock.withLock {
            if let policy { return policy }
            let usual = DefaultEventLoopPolicy()
            policy = usual
            return usual
        }
    }

    static func set(_ new: (any EventLoopPolicy)?) {
        // Release the previous policy outside the lock: its deinit may run user code that calls this function.
        _ = lock.withLock { () -> (any EventLoopPolicy)? in
            let previous = policy
            policy = new
            return previous
        }
    }
}
