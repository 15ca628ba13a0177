internal import Polling

/// The targets of a descriptor that has several, in the order in which they came.
struct WatchSharers {
    struct Sharer {
        let target: ReadinessTarget
        var wanted: Readiness
        /// When it began to want this, by the table's clock.
        var since: Int64
    }

    private(set) var members: [Sharer]

    init(_ first: Sharer) {
        members = [first]
    }

    /// What is wanted by all targets together.
    var wanted: Readiness {
        Readiness(
            readable: members.contains { $0.wanted.isReadable }, writable: members.contains { $0.wanted.isWritable })
    }

    /// Sets what a target wants, which joins behind the others if it is new.
    ///
    /// - Returns: How many waits that adds.
    mutating func want(_ readiness: Readiness, _ target: ReadinessTarget, at now: Int64) -> Int {
        guard let index = members.firstIndex(where: { $0.target === target }) else {
            members.append(Sharer(target: target, wanted: readiness, since: now))
            return readiness.directions
        }
        let former = members[index].wanted
        if former != readiness { members[index].since = now }
        members[index].wanted = readiness
        return readiness.directions - former.directions
    }

    /// Removes a target.
    ///
    /// - Returns: What it wanted; nil if it was not one of them.
    mutating func remove(_ target: ReadinessTarget) -> Readiness? {
        guard let index = members.firstIndex(where: { $0.target === target }) else { return nil }
        return members.remove(at: index).wanted
    }

    /// Takes back what is wanted beyond some directions.
    ///
    /// - Returns: The targets that lose a wish by it, and how many waits that takes away.
    mutating func limit(to readiness: Readiness) -> (losers: [ReadinessTarget], waits: Int) {
        var (losers, waits): ([ReadinessTarget], Int) = ([], 0)
        for index in members.indices {
            let left = members[index].wanted.intersection(readiness)
            guard left != members[index].wanted else { continue }
            losers.append(members[index].target)
            waits += members[index].wanted.directions - left.directions
            members[index].wanted = left
        }
        return (losers, waits)
    }
}
