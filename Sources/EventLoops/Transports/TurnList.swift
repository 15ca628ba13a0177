internal import Kernel

/// Those that are to be called once in this turn, as addresses of their objects.
///
/// Each keeps its place in at most one list of a kind, by a mark of its own, and does not end before it has been
/// called: so the list need not retain it.
package final class TurnList {
    package typealias Member = UnsafeMutableRawPointer

    private var members = UnsafeMutablePointer<Member>.allocate(capacity: 64)
    private var capacity = 64
    private var count = 0
    private let mark = ForkMark()

    package init() {}

    deinit {
        members.deallocate()
    }

    package var isEmpty: Bool {
        count == 0
    }

    package func append(_ member: Member) {
        if count == capacity { grow() }
        (members + count).initialize(to: member)
        count += 1
    }

    /// Calls `body`, in which members may end, with each member.
    ///
    /// Members that are added meanwhile wait for the next time. If a member forks, the child calls no further one.
    package func takeEach(_ body: (Member) -> Void) {
        let taken = count
        for index in 0..<taken where !mark.isInForkedChild { body(members[index]) }
        count -= taken
        if count > 0 { members.update(from: members + taken, count: count) }
    }

    /// Takes a member out before its turn.
    package func remove(_ member: Member) {
        guard let index = (0..<count).first(where: { members[$0] == member }) else { return }
        count -= 1
        (members + index).update(from: members + index + 1, count: count - index)
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Member>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: members, count: count)
        members.deallocate()
        members = larger
        capacity *= 2
    }
}

/// Why a loop calls a member of a ``TurnList``.
package enum TurnCall {
    /// The loop is about to sleep: what waits to be sent goes out.
    case send
    /// Something is to be told to an owner, outside of the owner's own calls.
    case tell
    /// Receive buffers have come back.
    case receive
    /// Callbacks of what was ready have run: what is still ready is to be told again.
    case watch
}
