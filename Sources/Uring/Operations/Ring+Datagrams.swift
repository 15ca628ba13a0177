import CUring
import Glibc

/// Operations on datagram sockets.
///
/// Datagrams are not sent through the ring. One `sendmmsg(2)` for the datagrams of a turn keeps their order when the
/// socket's buffer is full, and costs less than an entry and a completion for each (64 B echo: 3.29 instead of 3.44
/// microseconds). A send to a full Unix datagram socket must not wait in the ring at all: the kernel (6.18) consumes
/// the bytes at its first try, and sends an empty datagram at the second.
extension OperationTraits {
    static let datagrams = [
        // Linux 6.0 introduced the flag together with that of the multishot receive, which is required.
        OperationTraits(.receiveMessageMultishot, "IORING_OP_RECVMSG (multishot)", isRequired: false)
    ]
}

extension OperationKind {
    package static var receiveMessageMultishot: OperationKind { OperationKind(IORING_OP_RECVMSG, isMultishot: true) }
}

extension Ring {
    /// Receives messages into buffers of `group`, each with the sender's address and control messages, and with one
    /// completion per message (Linux 6.0).
    ///
    /// A completion's buffer is to be read with ``ReceivedMessage``. The operation ends when it is cancelled, with an
    /// error of the socket, when the group has no buffer left, and after an empty datagram, which is delivered.
    ///
    /// - Parameter template: A `msghdr` whose `msg_namelen` and `msg_controllen` are the space to reserve, as made by
    ///   ``MessageSpace/makeTemplate()``; the kernel reads it when the entry is submitted. Untyped, because liburing's
    ///   module also declares this structure, and a package declaration cannot name that declaration.
    package func receiveMessageMultishot(
        _ fd: Int32, _ template: UnsafeRawPointer, group: UInt16, for target: CompletionTarget
    ) -> UInt64 {
        queue(.receiveMessageMultishot, for: target) { entry in
            io_uring_prep_rw(Int32(IORING_OP_RECVMSG.rawValue), entry, fd, template, 1, 0)
            entry.pointee.ioprio = UInt16(IORING_RECV_MULTISHOT)
            entry.pointee.flags = cu_buffer_select
            entry.pointee.buf_group = group
        }
    }
}
