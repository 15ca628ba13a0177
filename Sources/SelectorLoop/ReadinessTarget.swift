internal import EventLoops
internal import Kernel
internal import Polling

/// Watches descriptors, and is notified of their readiness.
///
/// A base class rather than a protocol: tables and lists store targets unmanaged, so that calling one costs no retain
/// and release.
class ReadinessTarget {
    /// Why the loop calls a member of one of its lists.
    enum TurnCall {
        /// The loop is about to sleep: send what is queued.
        case send
        /// Notify the owner, outside the owner's own calls.
        case notify
    }

    init() {}

    /// The descriptor is ready in a direction that this target watches.
    func ready(_ readiness: Readiness) {
        preconditionFailure("\(type(of: self)) does not handle readiness")
    }

    /// The kernel refuses to watch the descriptor.
    func watchingFailed(_ errno: Errno) {
        preconditionFailure("\(type(of: self)) does not handle a failed watch")
    }

    /// What this target waits for, for reports.
    ///
    /// - Parameter readiness: One of the directions that it watches.
    func purpose(of readiness: Readiness) -> OperationPurpose {
        preconditionFailure("\(type(of: self)) does not describe its waits")
    }

    /// Called in a turn for which the target is in a list of the loop.
    func turnCame(_ call: TurnCall) {
        preconditionFailure("\(type(of: self)) must not be in a list of the loop")
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

    /// Like ``callEach(_:)``, for calls that free no member: members are not retained.
    func callEachAlive(_ call: ReadinessTarget.TurnCall) {
        takeEach { Unmanaged<ReadinessTarget>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.turnCame(call) } }
    }
}
