/// A point in a loop's time: nanoseconds of the kernel's monotonic clock.
///
/// asyncio: the float of `loop.time()`. Kernel: `CLOCK_MONOTONIC`.
public struct LoopInstant: InstantProtocol, Hashable, Sendable, CustomStringConvertible {
    /// Nanoseconds since the clock's zero, which is boot time on Linux.
    public let nanoseconds: Int64

    /// Makes an instant.
    ///
    /// - Parameter nanoseconds: Nanoseconds since the clock's zero.
    public init(nanoseconds: Int64) {
        self.nanoseconds = nanoseconds
    }

    /// The latest representable instant, 292 years after the clock's zero.
    ///
    /// Sums that would overflow are clamped to it.
    public static let distantFuture = LoopInstant(nanoseconds: .max)

    /// The instant that lies `duration` later, limited to the range of the clock.
    public func advanced(by duration: Duration) -> LoopInstant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.clampedNanoseconds)
        return LoopInstant(nanoseconds: overflow ? (duration < .zero ? .min : .max) : sum)
    }

    /// How much later `other` is; negative if it is earlier.
    public func duration(to other: LoopInstant) -> Duration {
        .nanoseconds(other.nanoseconds) - .nanoseconds(nanoseconds)
    }

    /// The instant that lies `duration` after `instant`, the same as ``advanced(by:)``.
    public static func + (instant: LoopInstant, duration: Duration) -> LoopInstant {
        instant.advanced(by: duration)
    }

    /// The instant that lies `duration` before `instant`, limited to the range of the clock.
    public static func - (instant: LoopInstant, duration: Duration) -> LoopInstant {
        instant.advanced(by: .zero - duration)
    }

    /// How much later `end` is than `start`; negative if it is earlier.
    public static func - (end: LoopInstant, start: LoopInstant) -> Duration {
        start.duration(to: end)
    }

    /// Whether `left` is earlier than `right`.
    public static func < (left: LoopInstant, right: LoopInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// Seconds with a fraction.
    public var description: String {
        "\(Double(nanoseconds) / 1e9) s"
    }
}

extension Duration {
    /// The duration in nanoseconds, limited to `Int64` (292 years) so that no arithmetic traps.
    package var clampedNanoseconds: Int64 {
        // For durations up to two hours: division by 2^9 and 5^9 in 64 bits, instead of the library's 128-bit division.
        let scaled = attoseconds >> 9
        if scaled >> 64 == 0 { return Int64(UInt64(truncatingIfNeeded: scaled) / 1_953_125) }
        let (seconds, attoseconds) = components
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return seconds < 0 ? .min : .max }
        let (sum, carry) = whole.addingReportingOverflow(attoseconds / 1_000_000_000)
        return carry ? (seconds < 0 ? .min : .max) : sum
    }
}
