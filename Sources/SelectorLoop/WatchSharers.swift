internal import Polling

/// The targets of a descriptor that has several, in the order in which they were added.
struct WatchSharers {
    struct Sharer {
        let target: ReadinessTarget
        var wanted: Readiness
        /// When the target last changed what it wants, by the table's clock.
        var since: Int64
    }

    private(set) var members: [Sharer]

    init(_ first: Sharer) {
        members = [first]
    }

    /// The directions that any target wants.
    var wanted: Readiness {
        Readiness(
            readable: members.contains { $0.wanted.isReadable }, writable: members.contains { $0.wanted.isWritable })
    }

    /// Sets the directions that a target wants, and appends the target if it is new.
    ///
    /// - Returns: The change in the number of waits.
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
    /// - Returns: The directions that it wanted; nil if it was not a member.
    mutating func remove(_ target: ReadinessTarget) -> Readiness? {
        guard let index = members.firstIndex(where: { $0.target === target }) else { return nil }
        return members.remove(at: index).wanted
    }

    /// Removes all directions except the given ones from what each target wants.
    ///
    /// - Returns: The targets that lose a direction, and the number of waits that end.
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
