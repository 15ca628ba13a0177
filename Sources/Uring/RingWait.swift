import Kernel

/// How long ``Ring/enter(_:)`` may sleep while it waits for a completion.
package enum RingWait: Equatable, Sendable {
    /// Do not sleep.
    case none
    /// Sleep until a completion arrives.
    case forever
    /// Sleep until a completion arrives or CLOCK_MONOTONIC reaches this time, in nanoseconds.
    case until(Int64)
}

extension RingWait {
    /// Whether there is no wait, or its deadline has passed.
    ///
    /// The kernel goes through the scheduler even for a past deadline: 15 microseconds instead of 0.2.
    var isOver: Bool {
        switch self {
        case .none: true
        case .forever: false
        case .until(let deadline): deadline <= MonotonicClock.now()
        }
    }
}
