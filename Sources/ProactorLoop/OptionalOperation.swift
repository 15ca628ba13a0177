internal import EventLoops
internal import Uring

/// An operation that the loop emulates if the kernel lacks or refuses it.
///
/// Declared by the operation, so that the choice and the report agree.
struct OptionalOperation: Sendable {
    /// asyncio's name, or the kernel's.
    let name: String
    let kind: OperationKind
    /// The calls that emulate it.
    let emulation: String

    func report(isNative: Bool) -> LoopCapabilities.Operation {
        .init(name, isNative ? .native(kind.name) : .emulated(emulation))
    }
}
