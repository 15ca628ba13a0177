import CUring

/// What this package knows about a kind of operation.
struct OperationTraits: Sendable {
    let kind: OperationKind
    /// The kernel's name for it.
    let name: String
    /// Whether the ring is refused on a kernel without it. An optional operation is emulated instead.
    let isRequired: Bool
    /// An operation that the same kernel version introduced, if the probe cannot report this kind by its own opcode:
    /// the probe knows opcodes, not flags.
    let witness: UInt32
    /// Whether a successful result is a new descriptor, which must be closed if it is not delivered.
    let makesDescriptor: Bool

    init(
        _ kind: OperationKind, _ name: String, isRequired: Bool, witness: io_uring_op? = nil,
        makesDescriptor: Bool = false
    ) {
        self.kind = kind
        self.name = name
        self.isRequired = isRequired
        self.witness = witness?.rawValue ?? kind.opcode
        self.makesDescriptor = makesDescriptor
    }

    /// One entry for each family; a new family adds its list here.
    static let all = control + descriptors + sockets + streams

    static let ofKind = Dictionary(uniqueKeysWithValues: all.map { ($0.kind, $0) })
}

extension OperationKind: CaseIterable, CustomStringConvertible {
    /// The kernel's name, for example "IORING_OP_RECV (multishot)".
    package var name: String { traits.name }
    /// Whether a loop needs a kernel that has this operation; the others are emulated where they are missing.
    package var isRequired: Bool { traits.isRequired }

    package var description: String { name }

    /// Every kind of every family.
    package static let allCases = OperationTraits.all.map(\.kind)

    var traits: OperationTraits {
        guard let traits = OperationTraits.ofKind[self] else {
            preconditionFailure("operation \(rawValue) is in no family")
        }
        return traits
    }
}
