internal import Kernel

/// What a channel's receiving half is about.
struct ReceiveState {
    /// What is to be told to the owner once it has taken the bytes that came before.
    enum End {
        case eof
        case failure(Errno)
    }

    /// The receive in flight.
    var tag: UInt64?
    var isMultishot = false
    var isCancelling = false
    var isStarved = false
    /// Whether the receive in flight, or the one that ended last, brought anything.
    var hasBrought = false
    /// Whether to look, when the kernel says no more, if it has forgotten that the connection is at its end.
    var mustLook = false
    /// Whether the owner wants bytes.
    var isWanted = false
    var end: End?
    var hasToldEnd = false
    /// The owner's memory, while the kernel fills it.
    var memory: UnsafeMutableRawBufferPointer?
}
