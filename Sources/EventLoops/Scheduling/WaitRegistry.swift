/// The places of a loop where some task waits, so that the loop can end their waits when it closes.
///
/// An array whose members know their index. A list that is linked through its members would touch two of them at each
/// leaving, of connections that may have been idle for long: with many, each is a miss of the processor's caches.
package final class WaitRegistry {
    private var members = UnsafeMutablePointer<Unmanaged<WaitLink>>.allocate(capacity: 64)
    private var capacity = 64
    private var count = 0

    deinit {
        members.deallocate()
    }

    /// Ends every wait.
    func endAll() {
        while count > 0 {
            let member = members[count - 1].takeUnretainedValue()
            member.leave(self)
            member.loopCloses()
        }
    }

    /// Ends the waits for the next element of a sequence.
    ///
    /// Resumed tasks run later: no member comes or goes meanwhile but the one that is told, whose place the last one
    /// takes, which has been told by then.
    func endSequences() {
        for index in (0..<count).reversed() { members[index].takeUnretainedValue().sequencesEnd() }
    }

    /// Returns the new member's index.
    fileprivate func add(_ member: WaitLink) -> Int {
        if count == capacity { grow() }
        (members + count).initialize(to: .passUnretained(member))
        count += 1
        return count - 1
    }

    fileprivate func remove(at index: Int) {
        count -= 1
        guard index < count else { return }
        let last = members[count]
        members[index] = last
        last._withUnsafeGuaranteedRef { $0.moved(to: index) }
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Unmanaged<WaitLink>>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: members, count: count)
        members.deallocate()
        members = larger
        capacity *= 2
    }
}

/// A member of the registry.
///
/// It leaves before it goes: a task that waits keeps its place alive.
package class WaitLink {
    private static let none = -1
    private var index = none

    package init() {}

    /// Nothing happens on the loop any more.
    package func loopCloses() {}

    /// Sequences that the loop feeds have no more elements.
    package func sequencesEnd() {}

    final func join(_ registry: WaitRegistry) {
        if index == Self.none { index = registry.add(self) }
    }

    final func leave(_ registry: WaitRegistry) {
        guard index != Self.none else { return }
        registry.remove(at: index)
        index = Self.none
    }

    fileprivate final func moved(to index: Int) {
        self.index = index
    }
}
