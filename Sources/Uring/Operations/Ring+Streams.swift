import CUring
import Glibc

/// Bytes of connected sockets.
extension OperationTraits {
    static let streams = [
        OperationTraits(.receive, "IORING_OP_RECV", isRequired: true),
        // Multishot receive came to Linux with SEND_ZC (6.0).
        OperationTraits(
            .receiveMultishot, "IORING_OP_RECV (multishot)", isRequired: true, witness: IORING_OP_SEND_ZC),
        OperationTraits(.send, "IORING_OP_SEND", isRequired: true),
        OperationTraits(.sendMessage, "IORING_OP_SENDMSG", isRequired: true),
    ]
}

extension OperationKind {
    package static var receive: OperationKind { OperationKind(IORING_OP_RECV) }
    package static var receiveMultishot: OperationKind { OperationKind(IORING_OP_RECV, isMultishot: true) }
    package static var send: OperationKind { OperationKind(IORING_OP_SEND) }
    package static var sendMessage: OperationKind { OperationKind(IORING_OP_SENDMSG) }
}

extension Ring {
    /// Receives into buffers of `group` until cancelled, at the end of the stream, or out of buffers; one completion
    /// per buffer (Linux 6.0).
    package func receiveMultishot(_ fd: Int32, group: UInt16, for target: CompletionTarget) -> UInt64 {
        queue(.receiveMultishot, for: target) { entry in
            // The length stays 0: kernels before 6.17 answer EINVAL to a limit here.
            io_uring_prep_recv(entry, fd, nil, 0, 0)
            // No POLL_FIRST: if bytes and a reset are both there by then, the kernel (6.18) reports the bytes only.
            entry.pointee.ioprio = UInt16(IORING_RECV_MULTISHOT)
            entry.pointee.flags = cu_buffer_select
            entry.pointee.buf_group = group
        }
    }

    /// Receives once, up to `count` bytes, into memory that belongs to the kernel until the completion.
    ///
    /// - Parameter pollFirst: Wait for readiness without trying first: right if nothing is expected yet.
    package func receive(
        _ fd: Int32, into bytes: UnsafeMutableRawPointer, count: Int, pollFirst: Bool = false,
        for target: CompletionTarget
    ) -> UInt64 {
        queue(.receive, for: target) { entry in
            io_uring_prep_recv(entry, fd, bytes, Int(Self.clamped(count)), 0)
            entry.pointee.ioprio = pollFirst ? UInt16(IORING_RECVSEND_POLL_FIRST) : 0
        }
    }

    /// Sends all `count` bytes, from memory that belongs to the kernel until the completion.
    ///
    /// The result is short only after an error or a cancel. Never have two sends in flight on one stream: their bytes
    /// would mix.
    package func send(
        _ fd: Int32, from bytes: UnsafeRawPointer, count: Int, for target: CompletionTarget
    ) -> UInt64 {
        queue(.send, for: target) { io_uring_prep_send($0, fd, bytes, Int(Self.clamped(count)), Self.sendFlags) }
    }

    /// Sends all bytes that a `msghdr` describes.
    ///
    /// - Parameter message: A `msghdr`. It, its vector and the bytes stay unchanged until the completion. Untyped,
    ///   because liburing's module declares this structure, too, and a package declaration cannot name that one.
    package func sendMessage(_ fd: Int32, _ message: UnsafeRawPointer, for target: CompletionTarget) -> UInt64 {
        queue(.sendMessage, for: target) { entry in
            io_uring_prep_rw(Int32(IORING_OP_SENDMSG.rawValue), entry, fd, message, 1, 0)
            entry.pointee.msg_flags = UInt32(Self.sendFlags)
        }
    }

    /// MSG_WAITALL: the kernel retries a short send itself. MSG_NOSIGNAL: a closed peer is an error, not a signal.
    private static var sendFlags: Int32 { Int32(MSG_WAITALL | MSG_NOSIGNAL) }
}
