import Glibc

/// The clock that cannot be set, which io_uring's timeouts also use.
///
/// It does not advance while the machine is suspended.
package enum MonotonicClock {
    /// Nanoseconds since an unspecified moment in the past.
    ///
    /// Source: `clock_gettime(2)` with `CLOCK_MONOTONIC`; makes no system call.
    package static func now() -> Int64 {
        var time = timespec()
        // Cannot fail: every kernel has this clock, and the pointer is valid.
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
