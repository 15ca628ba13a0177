internal import EventLoops
internal import Uring

/// A completion target that its loop can call during turns and describe in reports.
class ChannelTarget: CompletionTarget {
    /// Why the loop calls a member of one of its lists.
    enum TurnCall {
        /// The loop is about to sleep: send what is queued.
        case send
        /// Notify the owner, outside the owner's own calls.
        case notify
        /// Receive buffers have been returned.
        case receive
        /// The callbacks of ready descriptors have run: watch them again.
        case watch
    }

    /// Called during a turn if the target is in one of the loop's lists.
    func turnCame(_ call: TurnCall) {
        preconditionFailure("\(type(of: self)) must not be in a list of the loop")
    }

    /// The purpose of one of this target's operations, for reports.
    func purpose(of tag: UInt64) -> OperationPurpose {
        preconditionFailure("\(type(of: self)) does not describe its operations")
    }
}

extension TurnList {
    func append(_ member: ChannelTarget) {
        append(Unmanaged.passUnretained(member).toOpaque())
    }

    func remove(_ member: ChannelTarget) {
        remove(Unmanaged.passUnretained(member).toOpaque())
    }

    /// Calls each member; the call may free that member.
    func callEach(_ call: ChannelTarget.TurnCall) {
        takeEach { Unmanaged<ChannelTarget>.fromOpaque($0).takeUnretainedValue().turnCame(call) }
    }

    /// Like ``callEach(_:)``, but does not retain members, so the calls must not free them.
    func callEachAlive(_ call: ChannelTarget.TurnCall) {
        takeEach { Unmanaged<ChannelTarget>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.turnCame(call) } }
    }
}
