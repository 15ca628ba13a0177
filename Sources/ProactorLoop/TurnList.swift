/// Those that are to be called once in this turn.
///
/// Each keeps its place in at most one list of a kind, by a mark of its own, and does not end before it has been
/// called: so the list need not retain it.
final class TurnList {
    private typealias Member = Unmanaged<CompletionTarget>

    private var members = UnsafeMutablePointer<Member>.allocate(capacity: 64)
    private var capacity = 64
    private var count = 0

    deinit {
        members.deallocate()
    }

    var isEmpty: Bool {
        count == 0
    }

    func append(_ member: CompletionTarget) {
        if count == capacity { grow() }
        (members + count).initialize(to: .passUnretained(member))
        count += 1
    }

    /// Calls `body`, in which members may end, with each member.
    ///
    /// Those that are added meanwhile wait for the next time.
    func takeEach(_ body: (CompletionTarget) -> Void) {
        let taken = count
        for index in 0..<taken { body(members[index].takeUnretainedValue()) }
        drop(taken)
    }

    /// As ``takeEach(_:)``, for a body in which no member can end: it is not retained for the call.
    func takeEachAlive(_ body: (CompletionTarget) -> Void) {
        let taken = count
        for index in 0..<taken { members[index]._withUnsafeGuaranteedRef(body) }
        drop(taken)
    }

    /// Takes a member out before its turn.
    func remove(_ member: CompletionTarget) {
        let wanted = Unmanaged.passUnretained(member).toOpaque()
        guard let index = (0..<count).first(where: { members[$0].toOpaque() == wanted }) else { return }
        count -= 1
        (members + index).update(from: members + index + 1, count: count - index)
    }

    private func drop(_ taken: Int) {
        count -= taken
        if count > 0 { members.update(from: members + taken, count: count) }
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Member>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: members, count: count)
        members.deallocate()
        members = larger
        capacity *= 2
    }
}
