import Kernel

/// How long ``Ring/enter(_:)`` may sleep until a completion arrives.
package enum RingWait: Equatable, Sendable {
    /// Not at all.
    case none
    /// Until there is one.
    case forever
    /// Until there is one or CLOCK_MONOTONIC shows this many nanoseconds.
    case until(Int64)
}

extension RingWait {
    /// Whether there is nothing to wait for, or no more.
    ///
    /// A kernel that is asked to wait until a time that has passed sleeps through the scheduler all the same, 15
    /// microseconds against 0.2.
    var isOver: Bool {
        switch self {
        case .none: true
        case .forever: false
        case .until(let deadline): deadline <= MonotonicClock.now()
        }
    }
}
