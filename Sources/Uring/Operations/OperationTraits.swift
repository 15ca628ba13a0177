import CUring

/// What this package knows about a kind of operation.
struct OperationTraits: Sendable {
    let kind: OperationKind
    /// The kernel's name for the opcode.
    let name: String
    /// Whether the ring requires a kernel that has the operation; loops emulate optional ones.
    let isRequired: Bool
    /// The opcode whose presence in the probe shows that the kernel supports this kind.
    ///
    /// The probe reports opcodes, not flags. For an older opcode with a newer flag, this is another opcode that the
    /// same kernel version introduced.
    let witness: UInt32
    /// Whether a successful result is a new descriptor, to be closed if it is not delivered.
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

    /// The kinds of all families; a new family adds its list here.
    static let all = control + datagrams + descriptors + messages + sockets + streams

    static let ofKind = Dictionary(uniqueKeysWithValues: all.map { ($0.kind, $0) })
}

extension OperationKind: CaseIterable, CustomStringConvertible {
    /// The kernel's name, for example "IORING_OP_RECV (multishot)".
    package var name: String { traits.name }
    /// Whether a loop requires a kernel that has this operation; it emulates missing optional ones.
    package var isRequired: Bool { traits.isRequired }

    package var description: String { name }

    /// Every kind of every family.
    package static let allCases = OperationTraits.all.map(\.kind)

    var traits: OperationTraits {
        guard let traits = OperationTraits.ofKind[self] else {
            preconditionFailure("operation kind \(rawValue) is not declared by any family")
        }
        return traits
    }
}
