internal import EventLoops
internal import Kernel

/// What a channel's receiving half is about.
struct ReceiveState {
    /// What to report to the owner once it has taken the bytes that arrived before.
    enum End {
        case eof
        case failure(Errno)
    }

    /// The receive in flight.
    var tag: UInt64?
    var isMultishot = false
    var isCancelling = false
    var isStarved = false
    /// Whether the receive in flight, or the one that ended last, received anything.
    var hasReceived = false
    /// Whether to check, after bytes, that the kernel has not forgotten the end of the connection.
    var mustLook = false
    /// How the owner takes bytes; nil while it takes none.
    var mode: ReceiveMode?
    var end: End?
    var hasNotifiedEnd = false
    /// The owner's memory, while the kernel fills it.
    var memory: UnsafeMutableRawBufferPointer?

    var isWanted: Bool {
        mode != nil
    }

    /// Whether the owner wants the bytes in memory of its own.
    var isSupplied: Bool {
        if case .supplied = mode { true } else { false }
    }
}
