/// Decides when a protocol object has to pause and to resume writing.
///
/// asyncio: `transports._FlowControlMixin`.
package struct FlowControl {
    package static let defaultHigh = 64 * 1024

    private var low = defaultHigh / 4
    private var high = defaultHigh
    private var hasPaused = false

    package init() {}

    package var limits: WriteBufferLimits {
        WriteBufferLimits(low: low, high: high)
    }

    package var isPaused: Bool {
        hasPaused
    }

    /// Returns both limits, and fills in those that are missing.
    package static func limits(high: Int?, low: Int?) throws(EventLoopError) -> WriteBufferLimits {
        let newHigh = high ?? low.map(Self.fourTimes) ?? Self.defaultHigh
        let newLow = low ?? newHigh / 4
        guard newHigh >= newLow, newLow >= 0 else {
            throw .invalidArgument("setWriteBufferLimits", "high (\(newHigh)) must be >= low (\(newLow)) must be >= 0")
        }
        return WriteBufferLimits(low: newLow, high: newHigh)
    }

    private static func fourTimes(_ low: Int) -> Int {
        let (product, overflow) = low.multipliedReportingOverflow(by: 4)
        return overflow ? (low < 0 ? .min : .max) : product
    }

    @inline(__always)
    package mutating func adopt(_ limits: WriteBufferLimits) {
        low = limits.low
        high = limits.high
    }

    /// Whether the protocol object has to pause, now that `size` bytes are pending.
    @inline(__always)
    package mutating func mustPause(at size: Int) -> Bool {
        guard size > high, !hasPaused else { return false }
        hasPaused = true
        return true
    }

    /// Whether the protocol object has to resume, now that only `size` bytes are pending.
    @inline(__always)
    package mutating func mustResume(at size: Int) -> Bool {
        guard hasPaused, size <= low else { return false }
        hasPaused = false
        return true
    }
}
