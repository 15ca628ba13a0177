/// The flags of a completion, as ``Ring/reap(_:)`` hands them out.
///
/// Inlined into the loops, which test them every time.
package enum CompletionFlag {
    /// The upper half of the flags is a provided buffer: ``BufferRing/identifier(flags:)``.
    ///
    /// IORING_CQE_F_BUFFER.
    @inlinable package static var buffer: UInt32 { 1 << 0 }
    /// More completions of this operation will come; without it, this was the last.
    ///
    /// IORING_CQE_F_MORE.
    @inlinable package static var more: UInt32 { 1 << 1 }
    /// More bytes were waiting in the socket after this receive: the next need not poll first.
    ///
    /// IORING_CQE_F_SOCK_NONEMPTY.
    @inlinable package static var socketNonEmpty: UInt32 { 1 << 2 }
}
