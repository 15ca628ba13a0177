internal import EventLoops
internal import Kernel
internal import Polling

/// An object that watches descriptors and is notified of their readiness.
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

    /// Called when the descriptor is ready in a direction that this target watches.
    func ready(_ readiness: Readiness) {
        preconditionFailure("\(type(of: self)) does not handle readiness")
    }

    /// Called when the kernel refuses to watch the descriptor.
    func watchingFailed(_ errno: Errno) {
        preconditionFailure("\(type(of: self)) does not handle a failed watch")
    }

    /// The purpose of this target's wait, for reports.
    ///
    /// - Parameter readiness: One of the directions that the target watches.
    func purpose(of readiness: Readiness) -> OperationPurpose {
        preconditionFailure("\(type(of: self)) does not describe its waits")
    }

    /// Called during a turn if the target is in one of the loop's lists.
    func turnCame(_ call: TurnCall) {
        preconditionFailure("\(type(of: self)) must not be in a list of the loop")
    }
}

extension TurnList {
    func append(_ member: ReadinessTarget) {
        append(Unmanaged.passUnretained(member).toOpaque())
    }

    /// Calls each member; the call may free that member.
    func callEach(_ call: ReadinessTarget.TurnCall) {
        takeEach { Unmanaged<ReadinessTarget>.fromOpaque($0).takeUnretainedValue().turnCame(call) }
    }

    /// Like ``callEach(_:)``, but does not retain members, so the calls must not free them.
    func callEachAlive(_ call: ReadinessTarget.TurnCall) {
        takeEach { Unmanaged<ReadinessTarget>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.turnCame(call) } }
    }
}
