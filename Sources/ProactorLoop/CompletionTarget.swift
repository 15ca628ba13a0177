internal import EventLoops
internal import Uring

/// What waits for completions of its operations.
///
/// A base class and not a protocol: tables and lists keep their targets unmanaged, so that calling one costs no retain
/// and release.
class CompletionTarget {
    /// Operations whose last completion it has not been told of: kept by the ``OperationTable``.
    final var operationsInFlight: Int32 = 0

    init() {}

    /// An operation of this target has completed, or a multishot one has delivered.
    ///
    /// - Parameters:
    ///   - kind: Which operation.
    ///   - result: What the kernel says: a count, a descriptor, or a negative error number.
    ///   - flags: `IORING_CQE_F_…`; without `MORE` the operation is over.
    func completed(_ kind: OperationKind, _ result: Int32, _ flags: CompletionFlags) {
        preconditionFailure("\(type(of: self)) got a completion of \(kind.name) that it never asked for")
    }

    /// What an operation of this target is for, for people.
    func purpose(of kind: OperationKind) -> OperationPurpose {
        preconditionFailure("\(type(of: self)) does not say what its \(kind.name) is for")
    }

    /// The target asked to be called in this turn.
    func turnCame(_ call: TurnCall) {
        preconditionFailure("\(type(of: self)) was called in a turn without having asked")
    }
}

extension TurnList {
    func append(_ member: CompletionTarget) {
        append(Unmanaged.passUnretained(member).toOpaque())
    }

    func remove(_ member: CompletionTarget) {
        remove(Unmanaged.passUnretained(member).toOpaque())
    }

    /// Calls each member, which may end in that.
    func callEach(_ call: TurnCall) {
        takeEach { Unmanaged<CompletionTarget>.fromOpaque($0).takeUnretainedValue().turnCame(call) }
    }

    /// As ``callEach(_:)`` for calls in which no member can end: it is not retained.
    func callEachAlive(_ call: TurnCall) {
        takeEach { Unmanaged<CompletionTarget>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.turnCame(call) } }
    }
}
