import CUring

/// Queues the entries of all families.
///
/// The kernel sees an entry at the next ``enter(_:)``.
///
/// An operation has exactly one last completion, the one without IORING_CQE_F_MORE. Its buffers and descriptors must
/// stay valid and unchanged until that completion has been dispatched, even after a cancellation.
extension Ring {
    /// Queues an operation of `target` and returns its tag, for use with ``cancel(_:)``.
    ///
    /// - Parameter fill: Fills the entry with a prep function from liburing, which writes every field except the tag.
    @inline(__always)
    func queue(
        _ kind: OperationKind, for target: CompletionTarget, _ fill: (UnsafeMutablePointer<io_uring_sqe>) -> Void
    ) -> UInt64 {
        let tag = operations.insert(target, kind)
        queue(kind, tag: tag, fill)
        return tag
    }

    /// Queues an entry with a tag that the caller provides.
    @inline(__always)
    func queue(_ kind: OperationKind, tag: UInt64, _ fill: (UnsafeMutablePointer<io_uring_sqe>) -> Void) {
        let entry = nextEntry()
        fill(entry)
        entry.pointee.user_data = tag
        #if DEBUG
            faults?.queued(kind, entry)
        #endif
    }

    /// Converts a length to the type of an entry's length field.
    ///
    /// The kernel transfers less than 2 GiB per operation, so a larger length is clamped.
    @inline(__always)
    static func clamped(_ count: Int) -> UInt32 { UInt32(min(count, Int(Int32.max))) }
}
