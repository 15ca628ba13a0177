/// When a protocol is told to pause and to resume writing.
///
/// asyncio: `transports._FlowControlMixin`.
package final class FlowControl {
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

    package func setLimits(high: Int?, low: Int?) throws(EventLoopError) {
        let newHigh = high ?? low.map { $0.multipliedReportingOverflow(by: 4).partialValue } ?? Self.defaultHigh
        let newLow = low ?? newHigh / 4
        guard newHigh >= newLow, newLow >= 0 else {
            throw .invalidArgument("setWriteBufferLimits", "high (\(newHigh)) must be >= low (\(newLow)) must be >= 0")
        }
        self.low = newLow
        self.high = newHigh
    }

    /// Whether the protocol must be told to pause now that `size` bytes wait.
    package func mustPause(at size: Int) -> Bool {
        guard size > high, !hasPaused else { return false }
        hasPaused = true
        return true
    }

    /// Whether the protocol must be told to resume now that only `size` bytes wait.
    package func mustResume(at size: Int) -> Bool {
        guard hasPaused, size <= low else { return false }
        hasPaused = false
        return true
    }
}
