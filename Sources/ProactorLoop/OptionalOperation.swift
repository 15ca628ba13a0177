internal import EventLoops
internal import Uring

/// An operation that the loop emulates if the kernel lacks or refuses it.
///
/// The operation's type declares it, so that what the loop does and what it reports agree.
struct OptionalOperation: Sendable {
    /// The operation's name in asyncio or in the kernel.
    let name: String
    let kind: OperationKind
    /// The calls that emulate the operation.
    let emulation: String

    func report(isNative: Bool) -> LoopCapabilities.Operation {
        .init(name, isNative ? .native(kind.name) : .emulated(emulation))
    }
}
