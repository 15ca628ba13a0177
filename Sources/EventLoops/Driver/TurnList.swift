internal import Kernel

/// The addresses of objects to call once in this turn.
///
/// Each member keeps track of whether it is in a list, and is never in one twice. It lives at least until it has been
/// called or removed, so the list does not retain it.
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

    /// Calls `body` with each member, which `body` may free.
    ///
    /// Members added during the calls wait for the next call of this function. If a member forks, the child calls no
    /// further members.
    package func takeEach(_ body: (Member) -> Void) {
        let taken = count
        for index in 0..<taken where !mark.isInForkedChild { body(members[index]) }
        count -= taken
        if count > 0 { members.update(from: members + taken, count: count) }
    }

    /// Removes a member that has not been called yet.
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
