/// The wait for a full Unix receiver: the kernel does not report when it has space.
struct SendStall {
    private var timer: TimerHandle?
    private var milliseconds: Int64 = 1

    /// Calls `again` after a while, which doubles up to 32 ms until ``isOver()``.
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
