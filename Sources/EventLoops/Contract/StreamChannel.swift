package import Glibc
package import Kernel

/// How a loop moves a stream's bytes: the little that differs between a ring and a selector.
///
/// A channel owns the descriptor. It calls its owner from the loop's turn only, never inside a call of its owner's.
package protocol StreamChannel: AnyObject {
    /// Delivers what comes in, until it is stopped or the peer ends.
    func startReading()
    /// Asks the kernel for no more. What it has already sent is kept and delivered when reading starts again.
    func stopReading()
    /// The owner has bytes to send: asks it for them before the loop sleeps.
    func send()
    /// Ends the sending half. The owner has nothing left to send.
    func shutdownWriting()
    /// Calls off whatever is in flight, closes the descriptor once the kernel has let go of it, and says so to the
    /// owner.
    func close()
}

/// Who is told what happens on a channel.
package protocol StreamChannelOwner: AnyObject {
    /// Whether bytes may be delivered now.
    var acceptsBytes: Bool { get }
    /// Memory of the owner's to receive into, where it wants that; nil if the channel lends its own.
    func receiveBuffer() -> UnsafeMutableRawBufferPointer?
    /// Whether the owner supplies the memory: decides how the channel receives next.
    var suppliesMemory: Bool { get }
    /// Lends received bytes for the time of the call; returns how many the owner took before it wanted no more.
    ///
    /// All of them where it wants bytes lent, as ``suppliesMemory`` says, and is called right after it was asked.
    func received(_ bytes: UnsafeRawBufferPointer) -> Int
    /// These bytes of the owner's memory were filled.
    ///
    /// Returns how many the owner took before it wanted no more.
    func receivedIntoBuffer(_ bytes: UnsafeRawBufferPointer) -> Int
    /// The peer sends no more.
    func receivedEOF()
    /// Describes what is to be sent next, in a list with room for ``Gathering/mostRuns``; the bytes stay where they are
    /// until ``sent(_:)``.
    func gather(into vectors: UnsafeMutablePointer<iovec>) -> Gathering
    /// The kernel took this many bytes.
    func sent(_ count: Int)
    /// The kernel refused: the connection is broken.
    func failed(_ errno: Errno, _ operation: StaticString)
    /// The descriptor is closed and nothing is in flight.
    func channelClosed()
}

/// How a loop accepts connections on one listening socket.
///
/// It owns the descriptor.
package protocol ListenerChannel: AnyObject {
    func startAccepting()
    /// Calls off accepting and closes the socket: no connection is taken once this has returned.
    func close()
}

/// Who is told of new connections.
package protocol ListenerOwner: AnyObject {
    /// A connection came in; the owner has its descriptor now.
    func accepted(_ descriptor: Int32)
    /// Accepting stopped with an error; the channel accepts again when it is told to.
    func acceptFailed(_ errno: Errno)
}
