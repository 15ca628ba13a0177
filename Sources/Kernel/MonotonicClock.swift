import Glibc

/// The clock that nobody can set, which io_uring's timeouts follow as well; it stands still while the machine sleeps.
package enum MonotonicClock {
    /// Nanoseconds since some moment in the past.
    ///
    /// Source: `clock_gettime(2)`, `CLOCK_MONOTONIC`; no system call.
    package static func now() -> Int64 {
        var time = timespec()
        // It cannot fail: the clock exists everywhere and the pointer is good.
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
