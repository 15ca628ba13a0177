import Glibc

/// A mutex from the C library.
///
/// The standard library's `Mutex` is smaller, but slow under contention, and sanitizers do not understand it: they
/// report the accesses that it guards as data races. Source: `pthread_mutex_lock(3)`.
package final class Lock: Sendable {
    private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)

    package init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
    }

    deinit {
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Runs `body` while no other thread holds the lock.
    @inline(__always)
    package func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }
}

/// A value that any thread may read and change, one thread at a time.
package final class Locked<Value: Sendable>: Sendable {
    private let lock = Lock()
    private nonisolated(unsafe) var stored: Value

    package init(_ value: Value) {
        stored = value
    }

    /// The current value.
    package var value: Value {
        get { lock.withLock { stored } }
        set {
            // Release the former value outside the lock: its deinit may run code that reads this value.
            let former = lock.withLock {
                defer { stored = newValue }
                return stored
            }
            withExtendedLifetime(former) {}
        }
    }

    /// Runs `body` with the value while no other thread can access it.
    package func update<Result>(_ body: (inout Value) -> Result) -> Result {
        lock.withLock { body(&stored) }
    }
}
