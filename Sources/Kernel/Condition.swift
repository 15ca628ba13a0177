import Glibc

/// A lock with a condition: a thread can sleep until another one has changed what the lock guards.
///
/// Source: `pthread_cond_timedwait(3)`.
package final class Condition: Sendable {
    private nonisolated(unsafe) let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private nonisolated(unsafe) let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

    package init() {
        mutex.initialize(to: pthread_mutex_t())
        pthread_mutex_init(mutex, nil)
        changed.initialize(to: pthread_cond_t())
        var attributes = pthread_condattr_t()
        pthread_condattr_init(&attributes)
        // The clock used throughout this package, which cannot be set.
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        pthread_cond_init(changed, &attributes)
        pthread_condattr_destroy(&attributes)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    /// Runs `body` while no other thread holds the lock.
    package func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return body()
    }

    /// Releases the lock, sleeps until a wake-up or `deadline`, and takes the lock again; may wake up spuriously.
    ///
    /// - Parameter deadline: A time of ``MonotonicClock``, in nanoseconds; nil to wait without limit.
    package func wait(until deadline: Int64? = nil) {
        guard let deadline else {
            pthread_cond_wait(changed, mutex)
            return
        }
        let (seconds, nanoseconds) = deadline.quotientAndRemainder(dividingBy: 1_000_000_000)
        var time = timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
        pthread_cond_timedwait(changed, mutex, &time)
    }

    /// Wakes one waiting thread.
    package func signal() {
        pthread_cond_signal(changed)
    }

    /// Wakes all waiting threads.
    package func broadcast() {
        pthread_cond_broadcast(changed)
    }
}
