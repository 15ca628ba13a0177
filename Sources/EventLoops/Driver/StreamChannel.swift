/// Moves a stream's bytes: the part of a stream that differs between a ring and a selector.
///
/// A channel owns its descriptor. It calls its owner only from the loop's turn, never inside a call that the owner
/// makes to it. After ``close()``, every call except ``handOver(to:)`` is ignored.
package protocol StreamChannel: AnyObject {
    /// Replaces the owner: from the next event on, the new owner is called instead of the former one.
    ///
    /// Reading stops. Once the new owner calls ``startReading(_:)``, it gets bytes, beginning with those that arrived
    /// before. If the former owner was notified of the end of the stream, the new one is not.
    ///
    /// A receive into the former owner's memory is cancelled. The channel keeps that owner until the receive has
    /// completed, lends the new owner what was received, and calls the former owner's
    /// ``StreamChannelOwner/memoryReleased()``.
    ///
    /// - Returns: The former owner. A caller that may be inside one of its methods must retain it until that method has
    ///   returned.
    /// - Throws: ``EventLoopError``: `.invalidState` if a send is in flight, because the kernel still reads the owner's
    ///   bytes; in that case, nothing changes.
    func handOver(to owner: StreamChannelOwner) throws(EventLoopError) -> StreamChannelOwner
    /// Whether the kernel may still fill memory that the owner has supplied.
    var mayFillOwnersMemory: Bool { get }
    /// Delivers what arrives until reading is stopped or the peer ends the stream.
    ///
    /// - Parameter mode: How the owner takes the bytes; a change of mode applies from the next receive on.
    func startReading(_ mode: ReceiveMode)
    /// Stops delivering bytes.
    ///
    /// Bytes that the kernel has already delivered are kept until reading starts again.
    func stopReading()
    /// Delivers the bytes that have arrived, whether or not reading was stopped, and then notifies the owner of the end
    /// of the stream, even if the peer has not ended it.
    ///
    /// Called when a send has failed. Nothing is sent afterwards.
    func receiveRest()
    /// Notes that the owner has bytes to send, which the channel gathers before the loop sleeps.
    func send()
    /// Shuts down the sending half; the owner must have nothing left to send.
    func shutdownWriting()
    /// Cancels the operations in flight, closes the descriptor when the kernel has released it, and then notifies the
    /// owner.
    func close()
}

/// A stream channel that can give its connection up to a channel of another loop.
package protocol MovableStreamChannel: StreamChannel {
    /// Cancels the operations in flight and, when the kernel has released the descriptor, gives it up: the last call to
    /// the owner is ``StreamChannelOwner/channelReleased(_:)``.
    ///
    /// Until then the owner is still notified of bytes that have been sent. Like ``close()``, it ends the channel; a
    /// ``close()`` meanwhile closes the descriptor instead.
    func release()
}
