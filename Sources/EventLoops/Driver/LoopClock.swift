internal import Kernel

/// The clock for a loop's timers and for its driver's waits: the kernel's monotonic clock or a simulated one.
package struct LoopClock: Sendable {
    /// Whether this is the kernel's clock; checked first, so that reading that clock does not load a closure.
    private let isKernels: Bool
    private let read: @Sendable () -> Int64

    /// The kernel's monotonic clock.
    package static let monotonic = LoopClock()

    private init() {
        isKernels = true
        read = { 0 }
    }

    /// Makes a clock.
    ///
    /// - Parameter read: Returns the time in nanoseconds, which must never go backwards.
    package init(_ read: @escaping @Sendable () -> Int64) {
        isKernels = false
        self.read = read
    }

    /// The time in nanoseconds.
    ///
    /// - Thread: Any.
    @inline(__always)
    package func now() -> Int64 {
        isKernels ? MonotonicClock.now() : read()
    }
}
