/// Moves datagrams: the part of an endpoint that differs between a ring and a selector.
///
/// A channel owns its descriptor. It calls its owner only from the loop's turn, never inside a call that the owner
/// makes to it. After ``close()``, every call is ignored.
///
/// Loop thread only.
package protocol DatagramChannel: AnyObject {
    /// Sets the owner, which the channel retains until ``DatagramChannelOwner/channelClosed()``.
    ///
    /// Called once, before all other calls.
    func begin(for owner: DatagramChannelOwner)
    /// Delivers datagrams until receiving is stopped.
    func startReceiving()
    /// Stops delivering datagrams.
    ///
    /// Datagrams that the kernel has already delivered are kept until receiving starts again; the socket's buffer
    /// holds further ones until it is full.
    func stopReceiving()
    /// Notes that the owner has datagrams to send, which the channel gathers before the loop sleeps.
    func send()
    /// Cancels the operations in flight, closes the descriptor when the kernel has released it, and then notifies the
    /// owner.
    ///
    /// Unsent and undelivered datagrams are dropped: an owner that still has datagrams to send closes the channel after
    /// they are sent.
    func close()
}
