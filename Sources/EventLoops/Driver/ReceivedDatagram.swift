internal import Glibc
package import Kernel

/// A datagram in the memory of a channel, in the form in which `recvmsg(2)` wrote it.
///
/// All parts are lent for the duration of ``DatagramChannelOwner/received(_:)``.
package struct ReceivedDatagram: ~Copyable {
    /// The part of the payload that fit into the channel's memory; possibly empty.
    package let bytes: UnsafeRawBufferPointer
    /// The sender's `sockaddr`; empty if there is none, as from an unnamed Unix socket.
    package let name: UnsafeRawBufferPointer
    /// The control messages.
    package let control: UnsafeRawBufferPointer
    /// The message's flags: `MSG_TRUNC`, `MSG_CTRUNC`.
    package let flags: Int32

    package init(
        bytes: UnsafeRawBufferPointer, name: UnsafeRawBufferPointer, control: UnsafeRawBufferPointer, flags: Int32
    ) {
        self.bytes = bytes
        self.name = name
        self.control = control
        self.flags = flags
    }

    /// Whether the end of the payload is missing because it did not fit into the channel's memory.
    package var isTruncated: Bool {
        flags & Int32(MSG_TRUNC) != 0
    }

    /// The sender's address, which is made at each call; nil if there is none.
    package var sender: SocketAddress? {
        guard let start = name.baseAddress else { return nil }
        return SocketAddress(start.assumingMemoryBound(to: sockaddr.self), length: socklen_t(name.count))
    }
}
