package import Glibc
package import Kernel

/// The object that a stream channel notifies.
///
/// A base class and not a protocol: a channel can change its owner, so it keeps the owner in a variable, unmanaged, and
/// calls it without a retain and a release. As it stands it is the owner of a channel that nobody uses: it takes no
/// bytes and sends none. Subclasses override what they need.
package class StreamChannelOwner: @unchecked Sendable {
    /// The owner of channels before they are handed over, and after they are closed.
    package static let none = StreamChannelOwner()

    package init() {}

    /// Takes received bytes, which are lent for the length of the call.
    ///
    /// - Returns: How many bytes were taken before the owner stopped reading. In mode ``ReceiveMode/lending`` all are.
    package func received(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count }
    /// Supplies memory for the next receive, in mode ``ReceiveMode/supplied``; nil if the owner wants no bytes now.
    ///
    /// The memory has to stay valid until it is filled or the channel is closed.
    package func receiveBuffer() -> UnsafeMutableRawBufferPointer? { nil }
    /// Takes bytes that were received into the memory of the last ``receiveBuffer()``.
    ///
    /// - Returns: How many bytes were taken before the owner stopped reading. The channel copies the rest as soon as this
    ///   returns; the memory has to stay valid until then.
    package func receivedIntoBuffer(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count }
    /// The peer has ended the stream.
    package func receivedEOF() {}
    /// Describes the bytes to be sent next, in a list with space for ``Gathering/mostRuns`` vectors.
    ///
    /// The bytes stay where they are until ``sent(_:)``.
    package func gather(into vectors: UnsafeMutablePointer<iovec>) -> Gathering { Gathering() }
    /// The kernel has taken bytes of those gathered last.
    package func sent(_ count: Int) {}
    /// The kernel refuses an operation: the connection is broken.
    package func failed(_ errno: Errno, _ operation: StaticString) {}
    /// The descriptor is closed and nothing is in flight: the channel's last call.
    package func channelClosed() {}
}
