/// Retries sends to a Unix receiver whose queue is full: the kernel does not report when it has space.
struct SendStall {
    private var timer: TimerHandle?
    private var milliseconds: Int64 = 1

    /// Calls `again` after 1 ms; each further wait before ``isOver()`` is twice as long, up to 32 ms.
    mutating func wait(on core: LoopCore, _ again: @escaping () -> Void) {
        timer = core.callAt(core.now.advanced(by: .milliseconds(milliseconds))) { again() }
        milliseconds = min(32, milliseconds * 2)
    }

    /// Called when a datagram was sent.
    mutating func isOver() {
        if timer != nil { end() }
    }

    mutating func end() {
        timer?.cancel()
        timer = nil
        milliseconds = 1
    }
}
