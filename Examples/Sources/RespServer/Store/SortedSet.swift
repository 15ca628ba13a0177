/// Members in the order of their scores.
///
/// A table finds scores, a sorted array finds ranks. Adding a member moves the array's members behind it.
final class SortedSet {
    struct Member {
        let score: Double
        let name: [UInt8]
    }

    private(set) var members: [Member] = []
    private let scores = ByteTable<Double>()

    var count: Int { members.count }

    func score(_ name: Bytes) -> Double? { scores[name] }

    /// Adds a member or changes its score.
    ///
    /// - Returns: Whether it is new.
    func set(_ name: [UInt8], _ score: Double) -> Bool {
        let isNew = !name.lend { remove($0) }
        let member = Member(score: score, name: name)
        members.insert(member, at: position(member))
        scores.insert(name, score)
        return isNew
    }

    /// - Returns: Whether it was there.
    func remove(_ name: Bytes) -> Bool {
        guard let score = scores.remove(name) else { return false }
        members.remove(at: position(Member(score: score, name: Array(name))))
        return true
    }

    /// Where a member is, or would be.
    private func position(_ member: Member) -> Int {
        var low = 0
        var high = members.count
        while low < high {
            let middle = (low + high) / 2
            if Self.isBefore(members[middle], member) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func isBefore(_ left: Member, _ right: Member) -> Bool {
        left.score != right.score ? left.score < right.score : left.name.lexicographicallyPrecedes(right.name)
    }
}
