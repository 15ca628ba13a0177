/// How a loop moves a stream's bytes: the part that differs between a ring and a selector.
///
/// A channel owns its descriptor. It calls its owner from the loop's turn only, never inside a call that the owner
/// makes to it. After ``close()`` every call but ``handOver(to:)`` is ignored.
package protocol StreamChannel: AnyObject {
    /// Replaces the owner: from the next event on, the new owner is called instead of the former one.
    ///
    /// Reading stops. The new owner gets bytes once it calls ``startReading(_:)``, those first that arrived before. An
    /// end of the stream that the former owner was notified of is not repeated.
    ///
    /// A receive into memory of the former owner is cancelled. The channel keeps that owner until it has completed,
    /// lends the new owner what was received, and calls the former one's ``StreamChannelOwner/memoryReleased()``.
    ///
    /// - Returns: The former owner. A caller that may be inside one of its methods must retain it until that method has
    ///   returned.
    /// - Throws: ``EventLoopError`` with `.invalidState` while a send is in flight, because the kernel still reads the
    ///   owner's bytes; nothing changes then.
    func handOver(to owner: StreamChannelOwner) throws(EventLoopError) -> StreamChannelOwner
    /// Whether the kernel may still fill memory that the owner has supplied.
    var mayFillOwnersMemory: Bool { get }
    /// Delivers what arrives until reading is stopped or the peer ends the stream.
    ///
    /// - Parameter mode: How the owner takes the bytes; a change of mode applies from the next receive on.
    func startReading(_ mode: ReceiveMode)
    /// Delivers nothing more. Bytes that the kernel has already delivered are kept until reading starts again.
    func stopReading()
    /// The owner has bytes to send: the channel gathers them before the loop sleeps.
    func send()
    /// Ends the sending half. The owner has nothing left to send.
    func shutdownWriting()
    /// Cancels the operations in flight, closes the descriptor when the kernel has released it, and then notifies the
    /// owner.
    func close()
}
