internal import EventLoops
internal import Kernel

/// The state of a channel's receiving half.
struct ReceiveState {
    /// How the stream ended; reported to the owner once it has taken all bytes.
    enum End {
        case eof
        case failure(Errno)
    }

    /// The tag of the receive in flight.
    var tag: UInt64?
    var isMultishot = false
    var isCancelling = false
    var isStarved = false
    /// Whether only what has arrived is to be received; see ``ProactorStreamChannel/receiveRest()``.
    var isForRest = false
    /// Whether the receive in flight, or the last one if there is none, has received any bytes.
    var hasReceived = false
    /// Whether to check, after bytes have arrived, that the kernel has not missed the end of the connection.
    var mustLook = false
    /// How the owner takes bytes; nil while it takes none.
    var mode: ReceiveMode?
    var end: End?
    var hasNotifiedEnd = false
    /// The owner's memory while a receive into it is in flight.
    var memory: UnsafeMutableRawBufferPointer?

    var isWanted: Bool {
        mode != nil
    }

    /// Whether the owner wants bytes to be received into its own memory.
    var isSupplied: Bool {
        if case .supplied = mode { true } else { false }
    }
}
