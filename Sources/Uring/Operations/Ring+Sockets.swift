import CUring
import Glibc

/// Operations that establish connections.
extension OperationTraits {
    static let sockets = [
        // Linux 5.19 introduced multishot accept together with SOCKET.
        OperationTraits(
            .acceptMultishot, "IORING_OP_ACCEPT (multishot)", isRequired: true, witness: IORING_OP_SOCKET,
            makesDescriptor: true),
        OperationTraits(.accept, "IORING_OP_ACCEPT", isRequired: false, makesDescriptor: true),
        OperationTraits(.connect, "IORING_OP_CONNECT", isRequired: false),
    ]
}

extension OperationKind {
    package static var acceptMultishot: OperationKind { OperationKind(IORING_OP_ACCEPT, isMultishot: true) }
    package static var accept: OperationKind { OperationKind(IORING_OP_ACCEPT) }
    package static var connect: OperationKind { OperationKind(IORING_OP_CONNECT) }
}

extension Ring {
    /// Accepts connections until cancelled, with a completion for each, as nonblocking close-on-exec sockets (Linux
    /// 5.19).
    package func acceptMultishot(_ fd: Int32, for target: CompletionTarget) -> UInt64 {
        queue(.acceptMultishot, for: target) { entry in
            // No peer address: all completions would share one buffer.
            io_uring_prep_accept(entry, fd, nil, nil, Self.acceptFlags)
            entry.pointee.ioprio = UInt16(IORING_ACCEPT_MULTISHOT)
        }
    }

    /// Accepts one connection, as a nonblocking close-on-exec socket.
    ///
    /// - Parameters:
    ///   - address: Memory for the peer's `sockaddr`, valid until the completion. Untyped, as for `connect`.
    ///   - length: The size of that memory; on completion, the length of the address.
    package func accept(
        _ fd: Int32, address: UnsafeMutableRawPointer, length: UnsafeMutablePointer<UInt32>,
        for target: CompletionTarget
    ) -> UInt64 {
        queue(.accept, for: target) { entry in
            io_uring_prep_rw(Int32(IORING_OP_ACCEPT.rawValue), entry, fd, address, 0, UInt64(UInt(bitPattern: length)))
            entry.pointee.accept_flags = UInt32(Self.acceptFlags)
        }
    }

    private static var acceptFlags: Int32 { Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue) }

    /// Connects a socket.
    ///
    /// After a cancellation, the socket can only be closed.
    ///
    /// - Parameter address: A `sockaddr` of `length` bytes, unchanged until the completion. Untyped, because liburing's
    ///   module also declares this structure, and a package declaration cannot name that declaration.
    package func connect(
        _ fd: Int32, to address: UnsafeRawPointer, length: UInt32, for target: CompletionTarget
    ) -> UInt64 {
        queue(.connect, for: target) {
            io_uring_prep_rw(Int32(IORING_OP_CONNECT.rawValue), $0, fd, address, 0, UInt64(length))
        }
    }
}
