import Glibc

/// A mutex of the C library's.
///
/// The standard library's `Mutex` is smaller, but slow when many threads want it, and sanitizers cannot see it: they
/// take what it guards for races. Source: `pthread_mutex_lock(3)`.
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

/// A value that any thread may look at and change, one at a time.
package final class Locked<Value: Sendable>: Sendable {
    private let lock = Lock()
    private nonisolated(unsafe) var stored: Value

    package init(_ value: Value) {
        stored = value
    }

    /// The value of this moment.
    package var value: Value {
        get { lock.withLock { stored } }
        set {
            // What was there goes outside of the lock: its end may be somebody's code that asks for the value.
            let former = lock.withLock {
                defer { stored = newValue }
                return stored
            }
            withExtendedLifetime(former) {}
        }
    }

    /// Changes the value, or looks at a part of it, while no other thread can.
    package func update<Result>(_ body: (inout Value) -> Result) -> Result {
        lock.withLock { body(&stored) }
    }
}
