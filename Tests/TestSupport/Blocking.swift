internal import EventLoops
internal import Glibc
internal import Kernel

/// Blocks the calling thread.
package func block(_ duration: Duration) {
    let end = MonotonicClock.now() + duration.clampedNanoseconds
    while MonotonicClock.now() < end { usleep(200) }
}
