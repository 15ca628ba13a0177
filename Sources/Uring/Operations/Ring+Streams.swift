import CUring
import Glibc

/// Operations on connected sockets.
extension OperationTraits {
    static let streams = [
        OperationTraits(.receive, "IORING_OP_RECV", isRequired: true),
        // Linux 6.0 introduced multishot receive together with SEND_ZC.
        OperationTraits(
            .receiveMultishot, "IORING_OP_RECV (multishot)", isRequired: true, witness: IORING_OP_SEND_ZC),
        OperationTraits(.send, "IORING_OP_SEND", isRequired: true),
    ]
}

extension OperationKind {
    package static var receive: OperationKind { OperationKind(IORING_OP_RECV) }
    package static var receiveMultishot: OperationKind { OperationKind(IORING_OP_RECV, isMultishot: true) }
    package static var send: OperationKind { OperationKind(IORING_OP_SEND) }
}

extension Ring {
    /// Receives into buffers of `group`, with one completion per buffer (Linux 6.0).
    ///
    /// Ends when it is cancelled, at the end of the stream, or when the group has no buffer left.
    package func receiveMultishot(_ fd: Int32, group: UInt16, for target: CompletionTarget) -> UInt64 {
        queue(.receiveMultishot, for: target) { entry in
            // The length stays 0: kernels before 6.17 return EINVAL for any other.
            io_uring_prep_recv(entry, fd, nil, 0, 0)
            // No POLL_FIRST: if both bytes and a reset have arrived by then, the kernel (6.18) reports only the bytes.
            entry.pointee.ioprio = UInt16(IORING_RECV_MULTISHOT)
            entry.pointee.flags = cu_buffer_select
            entry.pointee.buf_group = group
        }
    }

    /// Receives up to `count` bytes, once, into memory that the kernel may write to until the completion.
    ///
    /// - Parameter pollFirst: Whether to wait for readiness without trying first, which is faster if no data is
    ///   expected yet.
    package func receive(
        _ fd: Int32, into bytes: UnsafeMutableRawPointer, count: Int, pollFirst: Bool = false,
        for target: CompletionTarget
    ) -> UInt64 {
        queue(.receive, for: target) { entry in
            io_uring_prep_recv(entry, fd, bytes, Int(Self.clamped(count)), 0)
            entry.pointee.ioprio = pollFirst ? UInt16(IORING_RECVSEND_POLL_FIRST) : 0
        }
    }

    /// Sends all `count` bytes, from memory that must stay unchanged until the completion.
    ///
    /// The result is short only after an error or a cancellation. Two sends in flight on one stream would interleave
    /// their bytes.
    package func send(
        _ fd: Int32, from bytes: UnsafeRawPointer, count: Int, for target: CompletionTarget
    ) -> UInt64 {
        queue(.send, for: target) { io_uring_prep_send($0, fd, bytes, Int(Self.clamped(count)), Self.sendFlags) }
    }

    /// The flags of every send.
    ///
    /// MSG_WAITALL: the kernel continues a short send. MSG_NOSIGNAL: a closed peer causes an error, not a signal.
    static var sendFlags: Int32 { Int32(MSG_WAITALL | MSG_NOSIGNAL) }
}
