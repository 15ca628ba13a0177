import CUring

/// Operations on other operations and on the ring itself.
///
/// The completions of cancellations have no target.
extension OperationTraits {
    static let control = [
        OperationTraits(.nop, "IORING_OP_NOP", isRequired: false),
        OperationTraits(.cancel, "IORING_OP_ASYNC_CANCEL", isRequired: true),
    ]
}

extension OperationKind {
    package static var nop: OperationKind { OperationKind(IORING_OP_NOP) }
    package static var cancel: OperationKind { OperationKind(IORING_OP_ASYNC_CANCEL) }
}

extension Ring {
    /// Requests cancellation of the operation with the tag `victim`, whose own last completion reports the outcome.
    ///
    /// Cancels a single operation: cancelling all of them with one entry takes quadratic time in the kernel (8000
    /// receives: 433 ms instead of 8.5 ms).
    package func cancel(_ victim: UInt64) {
        queue(.cancel, tag: ReservedTag.ignored) { entry in
            io_uring_prep_cancel64(entry, victim, 0)
            entry.pointee.flags = cu_skip_success
        }
    }

    /// Queues an operation that does nothing but complete.
    package func nop(for target: CompletionTarget) -> UInt64 {
        queue(.nop, for: target) { io_uring_prep_nop($0) }
    }

    /// Queues an operation that completes with an arbitrary tag, for tests of unexpected completions.
    package func nop(tag: UInt64) {
        queue(.nop, tag: tag) { io_uring_prep_nop($0) }
    }

    /// Queues an entry of any kind that contains only an invalid descriptor.
    ///
    /// Its result shows whether a policy refuses the kind.
    func tryRefusal(of kind: OperationKind, for target: CompletionTarget) -> UInt64 {
        queue(kind, for: target) { io_uring_prep_rw(Int32(kind.opcode), $0, -1, nil, 0, 0) }
    }
}
