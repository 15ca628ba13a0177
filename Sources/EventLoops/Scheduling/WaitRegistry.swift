/// The places of a loop where some task waits, so that the loop can end their waits when it closes.
///
/// A list that is linked through its members: joining and leaving are a few stores.
package final class WaitRegistry {
    fileprivate var first: Unmanaged<WaitLink>?

    /// Ends every wait.
    func endAll() {
        while let link = first {
            let member = link.takeUnretainedValue()
            member.leave(self)
            member.loopCloses()
        }
    }

    /// Ends the waits for the next element of a sequence.
    ///
    /// Resumed tasks run later: no member comes or goes meanwhile but the one that is told.
    func endSequences() {
        var link = first
        while let member = link?.takeUnretainedValue() {
            link = member.next
            member.sequencesEnd()
        }
    }
}

/// A member of the registry.
///
/// It leaves before it goes: a task that waits keeps its place alive.
package class WaitLink {
    private var previous: Unmanaged<WaitLink>?
    fileprivate var next: Unmanaged<WaitLink>?
    private var isMember = false

    package init() {}

    /// Nothing happens on the loop any more.
    package func loopCloses() {}

    /// Sequences that the loop feeds have no more elements.
    package func sequencesEnd() {}

    final func join(_ registry: WaitRegistry) {
        guard !isMember else { return }
        isMember = true
        previous = nil
        next = registry.first
        next?._withUnsafeGuaranteedRef { $0.previous = .passUnretained(self) }
        registry.first = .passUnretained(self)
    }

    final func leave(_ registry: WaitRegistry) {
        guard isMember else { return }
        isMember = false
        if let previous { previous._withUnsafeGuaranteedRef { $0.next = next } } else { registry.first = next }
        next?._withUnsafeGuaranteedRef { $0.previous = previous }
    }
}
