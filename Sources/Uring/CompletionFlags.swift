/// What the kernel says of a completion beside its result.
///
/// Public, as ``SingleWriterCounter`` is, so that the loops inline it: they ask every time.
public struct CompletionFlags: Sendable {
    /// As ``Ring/reap(_:)`` hands them out.
    public let rawValue: UInt32

    /// Names the bits.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// More completions of this operation will come; without it, this was the last.
    ///
    /// Kernel: `IORING_CQE_F_MORE`.
    @inlinable
    public var hasMore: Bool {
        rawValue & 1 << 1 != 0
    }

    /// Whether a receive buffer comes with the completion.
    ///
    /// Kernel: `IORING_CQE_F_BUFFER`.
    @inlinable
    public var hasBuffer: Bool {
        rawValue & 1 << 0 != 0
    }

    /// Whether there was more to receive when the kernel looked: a multishot receive goes on by itself.
    ///
    /// Kernel: `IORING_CQE_F_SOCK_NONEMPTY`.
    @inlinable
    public var hasMoreToReceive: Bool {
        rawValue & 1 << 2 != 0
    }

    /// The buffer that was filled, if ``hasBuffer``.
    ///
    /// Kernel: `IORING_CQE_BUFFER_SHIFT`.
    @inlinable
    public var buffer: UInt16 {
        UInt16(truncatingIfNeeded: rawValue >> 16)
    }
}
