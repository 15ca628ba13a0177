import CUring

/// Names a kind of operation: the kernel's opcode, and whether it is the multishot form of it.
///
/// Each family of operations declares its kinds, with their traits, in one file of this folder. Nothing switches over
/// kinds: a target tells its operations apart by their tags.
package struct OperationKind: Hashable, Sendable {
    /// The opcode in the low byte; above it, 1 for multishot.
    let rawValue: UInt16

    init(_ opcode: io_uring_op, isMultishot: Bool = false) {
        rawValue = UInt16(truncatingIfNeeded: opcode.rawValue) | (isMultishot ? 1 << 8 : 0)
    }

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The operation's number in a submission entry.
    var opcode: UInt32 { UInt32(rawValue & 0xFF) }
}
