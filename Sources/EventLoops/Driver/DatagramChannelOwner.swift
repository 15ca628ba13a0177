package import Glibc
package import Kernel

/// The object that a datagram channel notifies.
///
/// A base class rather than a protocol, so that a channel can call it unmanaged, without a retain and a release. The
/// base class itself is the owner of channels that have none. Subclasses override what they need.
package class DatagramChannelOwner: @unchecked Sendable {
    /// The owner of channels before they begin, and after they are closed.
    package static let none = DatagramChannelOwner()

    package init() {}

    /// Takes a datagram, which is lent for the duration of the call.
    ///
    /// Also called for empty datagrams, which do not end receiving. The owner may stop receiving or close the channel
    /// within the call; the channel then delivers no further datagram.
    package func received(_ datagram: borrowing ReceivedDatagram) {}
    /// Called when a receive has failed; the channel continues to receive.
    ///
    /// Usually the kernel reports that a datagram which was sent earlier did not reach its destination.
    package func receiveFailed(_ errno: Errno) {}
    /// Lists the datagrams to be sent next, in order, as messages for `sendmsg(2)`.
    ///
    /// Not called again before all listed datagrams have been reported by ``sent(_:)`` or ``sendFailed(_:)``, in their
    /// order. Until a datagram is reported or ``channelClosed()`` is called, its header and all that it points to stay
    /// where they are.
    ///
    /// - Parameters:
    ///   - headers: Space for `most` addresses.
    ///   - most: The maximum number of datagrams.
    /// - Returns: The number of datagrams listed.
    package func gather(into headers: UnsafeMutablePointer<UnsafeMutablePointer<msghdr>>, most: Int) -> Int { 0 }
    /// Called when the kernel has taken the first `count` datagrams that have not been reported yet.
    package func sent(_ count: Int) {}
    /// Called when the kernel has refused the first datagram that has not been reported yet.
    ///
    /// The channel continues with what the owner gathers next, which may be the same datagram again.
    package func sendFailed(_ errno: Errno) {}
    /// Called when the receiver of the first datagram is full, and the kernel will not report when that changes, as for
    /// an unconnected Unix socket: the owner calls ``DatagramChannel/send()`` again after a while.
    package func sendStalled() {}
    /// Called when the channel can no longer send or receive: the owner has to close it.
    package func failed(_ errno: Errno, _ operation: StaticString) {}
    /// Called when the descriptor is closed and nothing is in flight: the channel's last call to its owner.
    package func channelClosed() {}
}
