/// Those that are to be called once in this turn.
///
/// Each keeps its place in at most one list of a kind, by a mark of its own, and does not end before it has been
/// called: so the list need not retain it.
///
/// Generic, so that calling a member is a plain call; what is inlined elsewhere would keep the checks for exclusive
/// access, of which this class, used by one thread and never from inside itself, has no need.
package final class TurnList<Member: AnyObject> {
    @exclusivity(unchecked) @usableFromInline
    internal var members = UnsafeMutablePointer<Unmanaged<Member>>.allocate(capacity: 64)
    @exclusivity(unchecked) @usableFromInline
    internal var capacity = 64
    @exclusivity(unchecked) @usableFromInline
    internal var count = 0

    @inlinable
    package init() {}

    @inlinable
    deinit {
        members.deallocate()
    }

    @inlinable
    package var isEmpty: Bool {
        count == 0
    }

    @inlinable
    package func append(_ member: Member) {
        if count == capacity { grow() }
        (members + count).initialize(to: .passUnretained(member))
        count += 1
    }

    /// Calls `body`, in which members may end, with each member.
    ///
    /// Those that are added meanwhile wait for the next time.
    @inlinable
    package func takeEach(_ body: (Member) -> Void) {
        let taken = count
        for index in 0..<taken { body(members[index].takeUnretainedValue()) }
        drop(taken)
    }

    /// As ``takeEach(_:)``, for a body in which no member can end: it is not retained for the call.
    @inlinable
    package func takeEachAlive(_ body: (Member) -> Void) {
        let taken = count
        for index in 0..<taken { members[index]._withUnsafeGuaranteedRef(body) }
        drop(taken)
    }

    /// Takes a member out before its turn.
    @inlinable
    package func remove(_ member: Member) {
        let wanted = Unmanaged.passUnretained(member).toOpaque()
        guard let index = (0..<count).first(where: { members[$0].toOpaque() == wanted }) else { return }
        count -= 1
        (members + index).update(from: members + index + 1, count: count - index)
    }

    @usableFromInline
    func drop(_ taken: Int) {
        count -= taken
        if count > 0 { members.update(from: members + taken, count: count) }
    }

    @usableFromInline
    func grow() {
        let larger = UnsafeMutablePointer<Unmanaged<Member>>.allocate(capacity: capacity * 2)
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
}
