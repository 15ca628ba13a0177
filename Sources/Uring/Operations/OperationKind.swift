import CUring

/// A kind of operation: the kernel's opcode, and whether it is the opcode's multishot form.
///
/// Each family of operations declares its kinds and their traits in one file of this directory. No code switches over
/// kinds: a target distinguishes its operations by their tags.
package struct OperationKind: Hashable, Sendable {
    /// The opcode in the low byte; above it, 1 for multishot.
    let rawValue: UInt16

    init(_ opcode: io_uring_op, isMultishot: Bool = false) {
        rawValue = UInt16(truncatingIfNeeded: opcode.rawValue) | (isMultishot ? 1 << 8 : 0)
    }

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The opcode in a submission entry.
    var opcode: UInt32 { UInt32(rawValue & 0xFF) }
}
