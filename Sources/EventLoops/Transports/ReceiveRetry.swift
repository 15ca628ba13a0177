/// The delay of receiving after errors that repeat, which would otherwise keep the loop from sleeping.
struct ReceiveRetry {
    /// The number of errors in a row after which receiving is delayed.
    static let mostErrors = 16
    private static let delay = Duration.milliseconds(100)

    /// The errors since the last datagram.
    private var errors = 0
    private var timer: TimerHandle?

    /// Counts an error; true if receiving must be delayed.
    mutating func failed() -> Bool {
        errors = min(errors + 1, Self.mostErrors)
        return errors == Self.mostErrors
    }

    /// Called when a datagram was received.
    @inline(__always)
    mutating func succeeded() {
        if errors != 0 { errors = 0 }
    }

    mutating func wait(on core: LoopCore, _ again: @escaping () -> Void) {
        timer?.cancel()
        timer = core.callAt(core.now.advanced(by: Self.delay)) { again() }
    }

    mutating func end() {
        timer?.cancel()
        timer = nil
    }
}
