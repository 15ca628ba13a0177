/// The flags of a completion.
///
/// Public, like ``SingleWriterCounter``, so that the loops' modules inline it: they test flags for every completion.
public struct CompletionFlags: Sendable {
    /// The flags as ``Ring/dispatch()`` delivers them.
    public let rawValue: UInt32

    /// Wraps the kernel's flags.
    @inlinable
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Whether more completions of this operation follow; if not, this is its last one.
    ///
    /// Kernel: `IORING_CQE_F_MORE`.
    @inlinable
    public var hasMore: Bool {
        rawValue & 1 << 1 != 0
    }

    /// Whether the completion names a provided buffer.
    ///
    /// Kernel: `IORING_CQE_F_BUFFER`.
    @inlinable
    public var hasBuffer: Bool {
        rawValue & 1 << 0 != 0
    }

    /// Whether the socket held more data after this receive; a multishot receive continues by itself.
    ///
    /// Kernel: `IORING_CQE_F_SOCK_NONEMPTY`.
    @inlinable
    public var hasMoreToReceive: Bool {
        rawValue & 1 << 2 != 0
    }

    /// The number of the provided buffer that was filled, if ``hasBuffer``.
    ///
    /// Kernel: `IORING_CQE_BUFFER_SHIFT`.
    @inlinable
    public var buffer: UInt16 {
        UInt16(truncatingIfNeeded: rawValue >> 16)
    }
}
