/// When a protocol is told to pause and to resume writing.
///
/// asyncio: `transports._FlowControlMixin`.
package struct FlowControl {
    package static let defaultHigh = 64 * 1024

    package private(set) var limits = WriteBufferLimits(low: defaultHigh / 4, high: defaultHigh)
    package private(set) var isPaused = false

    package init() {}

    package mutating func setLimits(high: Int?, low: Int?) throws(EventLoopError) {
        let newHigh = high ?? low.map { $0.multipliedReportingOverflow(by: 4).partialValue } ?? Self.defaultHigh
        let newLow = low ?? newHigh / 4
        guard newHigh >= newLow, newLow >= 0 else {
            throw .invalidArgument("setWriteBufferLimits", "high (\(newHigh)) must be >= low (\(newLow)) must be >= 0")
        }
        limits = WriteBufferLimits(low: newLow, high: newHigh)
    }

    /// Whether the protocol must be told to pause now that `size` bytes wait.
    package mutating func mustPause(at size: Int) -> Bool {
        guard size > limits.high, !isPaused else { return false }
        isPaused = true
        return true
    }

    /// Whether the protocol must be told to resume now that only `size` bytes wait.
    package mutating func mustResume(at size: Int) -> Bool {
        guard isPaused, size <= limits.low else { return false }
        isPaused = false
        return true
    }
}
