internal import EventLoops
internal import Kernel
internal import Polling

/// What watches a descriptor.
///
/// A base class and not a protocol: tables and lists keep their targets unmanaged, so that calling one costs no retain
/// and release.
class ReadinessTarget {
    /// Why the loop calls a member of one of its lists.
    enum TurnCall {
        /// The loop is about to sleep: send what is queued.
        case send
        /// Notify the owner, outside of the owner's own calls.
        case notify
    }

    init() {}

    /// The descriptor is ready for something that was wanted of it.
    func ready(_ readiness: Readiness) {
        preconditionFailure("\(type(of: self)) was told of a readiness that it never asked for")
    }

    /// The kernel refuses to watch the descriptor.
    func watchingFailed(_ errno: Errno) {
        preconditionFailure("\(type(of: self)) watches nothing")
    }

    /// What this target waits for, for people.
    ///
    /// - Parameter readiness: One of the directions that it wanted.
    func purpose(of readiness: Readiness) -> OperationPurpose {
        preconditionFailure("\(type(of: self)) does not say what it waits for")
    }

    /// The target asked to be called in this turn.
    func turnCame(_ call: TurnCall) {
        preconditionFailure("\(type(of: self)) was called in a turn without having asked")
    }
}

extension TurnList {
    func append(_ member: ReadinessTarget) {
        append(Unmanaged.passUnretained(member).toOpaque())
    }

    /// Calls each member; a member may be freed by its call.
    func callEach(_ call: ReadinessTarget.TurnCall) {
        takeEach { Unmanaged<ReadinessTarget>.fromOpaque($0).takeUnretainedValue().turnCame(call) }
    }

    /// As ``callEach(_:)`` for calls that free no member: members are not retained.
    func callEachAlive(_ call: ReadinessTarget.TurnCall) {
        takeEach { Unmanaged<ReadinessTarget>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.turnCame(call) } }
    }
}
