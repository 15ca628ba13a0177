package import Kernel

/// An operation on a socket, which can be repeated: each repetition starts after the previous one has ended.
package protocol SocketOperation: AwaitedOperation {
    var wait: OperationWait { get }
    /// The memory to receive into, or the bytes to send; valid from the start to the end of the operation.
    var bytes: UnsafeMutableRawBufferPointer { get set }
    /// The peer: to be set before a send to an address or a connect; set by the end of a receive or an accept.
    var address: SocketAddress? { get set }
    /// The descriptors to send with the first byte, which stay open until the end of the operation; or what a receive
    /// has found.
    var passed: PassedDescriptors { get }
}

/// The kinds of operations on sockets.
package enum SocketOperationKind {
    /// Receives what is available, into ``SocketOperation/bytes``; the result is the count.
    case receive
    /// Like ``receive``, with the sender's address.
    case receiveFrom
    /// Accepts a connection; the result is a descriptor.
    case accept
    /// Sends all bytes; the result is their number, or less after a cancellation.
    case send
    /// Sends one datagram to ``SocketOperation/address``, or to the connected peer if that is nil; the result is its
    /// size. May fail with `.resourceTemporarilyUnavailable` if the receiver's queue is full.
    case sendTo
    /// Like ``receive``, with descriptors: ``PassedDescriptors/arrival``.
    case receiveDescriptors
    /// Sends bytes, and descriptors with the first one; the result is the number of bytes, possibly not all.
    case sendDescriptors
    /// Connects to ``SocketOperation/address``.
    case connect

    /// Whether the operation receives bytes.
    var isReceiving: Bool {
        switch self {
        case .receive, .receiveFrom, .receiveDescriptors: true
        case .accept, .send, .sendTo, .connect, .sendDescriptors: false
        }
    }

    /// Whether the operation takes bytes or a connection from the socket, which must not be lost.
    var isReading: Bool {
        switch self {
        case .receive, .receiveFrom, .accept, .receiveDescriptors: true
        case .send, .sendTo, .connect, .sendDescriptors: false
        }
    }
}
