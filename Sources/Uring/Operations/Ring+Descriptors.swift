import CUring

/// Operations on any descriptor: polling and reading.
extension OperationTraits {
    static let descriptors = [
        OperationTraits(.poll, "IORING_OP_POLL_ADD", isRequired: true),
        OperationTraits(.read, "IORING_OP_READ", isRequired: true),
    ]
}

extension OperationKind {
    package static var poll: OperationKind { OperationKind(IORING_OP_POLL_ADD) }
    package static var read: OperationKind { OperationKind(IORING_OP_READ) }
}

extension Ring {
    /// Waits until one of the poll(2) `events` occurs, and completes with the events that have occurred.
    package func poll(_ fd: Int32, events: UInt32, for target: CompletionTarget) -> UInt64 {
        queue(.poll, for: target) { io_uring_prep_poll_add($0, fd, events) }
    }

    /// Reads up to `count` bytes at `offset`, or at the file position if that is -1.
    package func read(
        _ fd: Int32, into bytes: UnsafeMutableRawPointer, count: Int, offset: Int64 = -1, for target: CompletionTarget
    ) -> UInt64 {
        queue(.read, for: target) {
            io_uring_prep_read($0, fd, bytes, Self.clamped(count), UInt64(bitPattern: offset))
        }
    }
}
