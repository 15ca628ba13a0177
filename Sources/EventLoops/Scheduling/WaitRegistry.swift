/// The places of a loop where tasks wait, so that the loop can end the waits when it closes.
///
/// An array whose members know their index. Unlinking from a linked list would touch two neighbours, which may belong
/// to idle connections: with many connections, each such access is a cache miss.
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
    /// Resumed tasks run later, so only the notified member can leave during its call. The last member, which has
    /// already been notified, takes its place.
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
/// A waiting task keeps its place alive, so a member always leaves before its deinit.
package class WaitLink {
    private static let none = -1
    private var index = none

    package init() {}

    /// Called when the loop is closing: no further event will occur on it.
    package func loopCloses() {}

    /// Called when the sequences that the loop feeds have ended.
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
