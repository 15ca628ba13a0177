import CUring
import Glibc

/// Single-shot operations on sockets with a `msghdr`: vectors, the peer's address, and control data.
extension OperationTraits {
    static let messages = [
        OperationTraits(.receiveMessage, "IORING_OP_RECVMSG", isRequired: false),
        OperationTraits(.sendMessage, "IORING_OP_SENDMSG", isRequired: true),
    ]
}

extension OperationKind {
    package static var receiveMessage: OperationKind { OperationKind(IORING_OP_RECVMSG) }
    package static var sendMessage: OperationKind { OperationKind(IORING_OP_SENDMSG) }
}

// Messages are untyped pointers, because liburing's module also declares `msghdr`, and a package declaration cannot
// name that declaration.
extension Ring {
    /// Receives bytes or one datagram, once, into the memory that a `msghdr` describes.
    ///
    /// - Parameters:
    ///   - message: A `msghdr`. It, its vectors and their memory must stay valid until the completion, when the kernel
    ///     has set its flags and the lengths of the peer's address and of the control data.
    ///   - flags: `MSG_…` flags.
    package func receiveMessage(
        _ fd: Int32, _ message: UnsafeMutableRawPointer, flags: Int32 = 0, for target: CompletionTarget
    ) -> UInt64 {
        queue(.receiveMessage, for: target) { entry in
            io_uring_prep_rw(Int32(IORING_OP_RECVMSG.rawValue), entry, fd, message, 1, 0)
            entry.pointee.msg_flags = UInt32(bitPattern: flags)
        }
    }

    /// Sends all bytes that a `msghdr` describes, or one datagram.
    ///
    /// A datagram of a Unix socket must not wait: the kernel (6.18) consumes the bytes before it notices that the
    /// receiver's queue is full, and later sends an empty datagram.
    ///
    /// - Parameters:
    ///   - message: A `msghdr`. It, its vectors and the bytes must stay unchanged until the completion.
    ///   - waits: If false, the operation fails with `EAGAIN` instead of waiting.
    package func sendMessage(
        _ fd: Int32, _ message: UnsafeRawPointer, waits: Bool = true, for target: CompletionTarget
    ) -> UInt64 {
        queue(.sendMessage, for: target) { entry in
            io_uring_prep_rw(Int32(IORING_OP_SENDMSG.rawValue), entry, fd, message, 1, 0)
            entry.pointee.msg_flags = UInt32(waits ? Self.sendFlags : Self.sendFlags | Int32(MSG_DONTWAIT))
        }
    }

    /// Sends some of the bytes that a `msghdr` describes, and all of its control data.
    ///
    /// The kernel does not continue a short send: early kernels would send the control data again.
    ///
    /// - Parameters:
    ///   - message: A `msghdr`. It, its vectors, the bytes and the control data must stay unchanged until the
    ///     completion.
    ///   - waits: If false, the operation fails with `EAGAIN` instead of waiting, as a Unix socket with boundaries
    ///     requires; see ``sendMessage(_:_:waits:for:)``.
    package func sendMessagePart(
        _ fd: Int32, _ message: UnsafeRawPointer, waits: Bool = true, for target: CompletionTarget
    ) -> UInt64 {
        queue(.sendMessage, for: target) { entry in
            io_uring_prep_rw(Int32(IORING_OP_SENDMSG.rawValue), entry, fd, message, 1, 0)
            entry.pointee.msg_flags = UInt32(waits ? Int32(MSG_NOSIGNAL) : Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
        }
    }
}
