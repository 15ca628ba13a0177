internal import EventLoops
internal import Uring

/// A completion target of a loop, which the loop can call in its turns and describe in reports.
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

    /// Called in a turn for which the target is in a list of the loop.
    func turnCame(_ call: TurnCall) {
        preconditionFailure("\(type(of: self)) must not be in a list of the loop")
    }

    /// What an operation of this target is for, for reports.
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

    /// Calls each member; a member may be freed by its call.
    func callEach(_ call: ChannelTarget.TurnCall) {
        takeEach { Unmanaged<ChannelTarget>.fromOpaque($0).takeUnretainedValue().turnCame(call) }
    }

    /// Like ``callEach(_:)``, for calls that free no member: members are not retained.
    func callEachAlive(_ call: ChannelTarget.TurnCall) {
        takeEach { Unmanaged<ChannelTarget>.fromOpaque($0)._withUnsafeGuaranteedRef { $0.turnCame(call) } }
    }
}
