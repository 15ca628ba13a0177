import CUring

/// How a family's functions queue an entry. Nothing happens before the next ``enter(_:)``.
///
/// An operation has exactly one last completion, the one without IORING_CQE_F_MORE. Every buffer and descriptor that
/// it was given must stay as it is until that completion has been dispatched, also after a cancel.
extension Ring {
    /// Queues an operation of `target`, and returns its tag, by which it can be cancelled.
    ///
    /// - Parameter fill: Fills the entry with liburing's prep function, which writes every field but the tag.
    @inline(__always)
    func queue(
        _ kind: OperationKind, for target: CompletionTarget, _ fill: (UnsafeMutablePointer<io_uring_sqe>) -> Void
    ) -> UInt64 {
        let tag = operations.insert(target, kind)
        queue(kind, tag: tag, fill)
        return tag
    }

    /// Queues an entry whose completion has a tag of the caller's.
    @inline(__always)
    func queue(_ kind: OperationKind, tag: UInt64, _ fill: (UnsafeMutablePointer<io_uring_sqe>) -> Void) {
        let entry = nextEntry()
        fill(entry)
        entry.pointee.user_data = tag
        #if DEBUG
            faults?.queued(kind, entry)
        #endif
    }

    /// A length as the entry has it.
    ///
    /// The kernel moves at most 2 GiB at once, whatever the caller requests.
    @inline(__always)
    static func clamped(_ count: Int) -> UInt32 { UInt32(min(count, Int(Int32.max))) }
}
