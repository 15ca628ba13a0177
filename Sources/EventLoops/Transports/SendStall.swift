internal import Kernel

/// Retries sends to a Unix receiver whose queue is full: the kernel does not report when it has space.
struct SendStall {
    /// How long a datagram for a full receiver is retried, in milliseconds.
    var patience: Int64 = 1000
    private var timer: TimerHandle?
    private var flushTimer: TimerHandle?
    private var milliseconds: Int64 = 1
    /// The time waited since a datagram was last sent or refused, in milliseconds.
    private var waited: Int64 = 0
    /// The receivers that were full for too long, until one takes a datagram again.
    private var fullReceivers: Set<SocketAddress> = []
    /// The maximum number of remembered receivers, because some never take another datagram.
    private static let mostReceivers = 64

    /// Whether the next attempt is scheduled; an earlier one would fail.
    var isWaiting: Bool {
        timer != nil
    }

    /// Calls `again` after 1 ms; each further wait before ``isOver()`` is twice as long, up to 32 ms.
    ///
    /// `again` must call ``fired()``.
    mutating func wait(on core: LoopCore, _ again: @escaping () -> Void) {
        timer?.cancel()
        timer = core.callAt(core.now.advanced(by: .milliseconds(milliseconds))) { again() }
        waited += milliseconds
        milliseconds = min(32, milliseconds * 2)
    }

    mutating func fired() {
        timer = nil
    }

    /// Whether a datagram for this receiver, which is full, must not delay those for others any longer.
    ///
    /// Once one has waited in vain, further ones for the same receiver are tried once each.
    mutating func mustGiveUp(_ receiver: SocketAddress) -> Bool {
        if fullReceivers.contains(receiver) { return true }
        guard waited >= patience else { return false }
        if fullReceivers.count == Self.mostReceivers { fullReceivers.removeAll() }
        fullReceivers.insert(receiver)
        isOver()
        return true
    }

    /// Whether ``took(_:)`` has to be called for each datagram that is sent.
    var hasFullReceivers: Bool {
        !fullReceivers.isEmpty
    }

    /// Notes that a receiver has taken a datagram, or has refused it.
    mutating func took(_ receiver: SocketAddress) {
        fullReceivers.remove(receiver)
    }

    /// Called when a datagram was sent or refused.
    mutating func isOver() {
        if milliseconds != 1 { reset() }
    }

    private mutating func reset() {
        timer?.cancel()
        timer = nil
        milliseconds = 1
        waited = 0
    }

    /// Calls `check` when a flush has had the time to drop a datagram for a full receiver.
    mutating func limitFlush(on core: LoopCore, _ check: @escaping () -> Void) {
        flushTimer = core.callAt(core.now.advanced(by: .milliseconds(2 * patience))) { check() }
    }

    mutating func end() {
        reset()
        flushTimer?.cancel()
        flushTimer = nil
    }
}
