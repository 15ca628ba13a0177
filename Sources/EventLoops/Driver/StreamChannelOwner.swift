package import Glibc
package import Kernel

/// The object that a stream channel notifies.
///
/// A base class rather than a protocol: a channel can change its owner, so it keeps the owner in an unmanaged variable,
/// and calls it without a retain and release. The base class itself is the owner of unused channels: it takes no bytes
/// and sends none. Subclasses override what they need.
package class StreamChannelOwner: @unchecked Sendable {
    /// The owner of channels before they are handed over, and after they are closed.
    package static let none = StreamChannelOwner()

    package init() {}

    /// Takes received bytes, which are lent for the duration of the call.
    ///
    /// - Returns: How many bytes were taken before the owner stopped reading; all of them in mode
    ///   ``ReceiveMode/lending``.
    package func received(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count }
    /// Supplies memory for the next receive, in mode ``ReceiveMode/supplied``; nil if the owner wants no bytes now.
    ///
    /// The memory must stay valid until it has been filled or ``channelClosed()`` is called; if the owner has handed
    /// the channel over, until ``memoryReleased()``. An owner that hands the channel over within this call returns nil.
    package func receiveBuffer() -> UnsafeMutableRawBufferPointer? { nil }
    /// Takes bytes that were received into the memory of the last ``receiveBuffer()``.
    ///
    /// - Returns: How many bytes were taken before the owner stopped reading. The channel copies the rest once this
    ///   returns; the memory has to stay valid until then.
    package func receivedIntoBuffer(_ bytes: UnsafeRawBufferPointer) -> Int { bytes.count }
    /// Called when the kernel no longer fills this owner's memory, if it might when the owner handed the channel over.
    package func memoryReleased() {}
    /// Called when the peer has ended the stream.
    package func receivedEOF() {}
    /// Describes the bytes to be sent next, in a list with space for ``Gathering/mostRuns`` vectors.
    ///
    /// The bytes stay where they are until ``sent(_:)``.
    package func gather(into vectors: UnsafeMutablePointer<iovec>) -> Gathering { Gathering() }
    /// Called when the kernel has taken `count` of the bytes that were gathered last.
    package func sent(_ count: Int) {}
    /// Called when an operation has failed: the connection is broken.
    package func failed(_ errno: Errno, _ operation: StaticString) {}
    /// Called when a send has failed: there may be bytes to receive, see ``StreamChannel/receiveRest()``.
    package func sendFailed(_ errno: Errno, _ operation: StaticString) { failed(errno, operation) }
    /// Called when the descriptor is closed and nothing is in flight: the channel's last call to its owner.
    package func channelClosed() {}
    /// Called when nothing is in flight after ``MovableStreamChannel/release()``: the owner now owns the descriptor.
    package func channelReleased(_ remains: StreamRemains) {}
}
