/// Entries in the order of their ids, and the groups of consumers that read them.
final class EventStream {
    struct ID: Hashable, Comparable {
        var time: UInt64
        var number: UInt64

        static let zero = ID(time: 0, number: 0)
        static let last = ID(time: .max, number: .max)

        static func < (left: ID, right: ID) -> Bool {
            (left.time, left.number) < (right.time, right.number)
        }

        var bytes: [UInt8] { Array("\(time)-\(number)".utf8) }
    }

    struct Entry {
        let id: ID
        let fields: [[UInt8]]
    }

    final class Group {
        /// An entry that a consumer has received and not yet acknowledged.
        struct Delivery {
            var consumer: [UInt8]
            var time: Int
            var count: Int
        }

        var lastDelivered: ID
        var consumers: Set<[UInt8]> = []
        var pending: [ID: Delivery] = [:]

        init(after id: ID) {
            lastDelivered = id
        }
    }

    private(set) var entries: [Entry] = []
    private(set) var lastID = ID.zero
    var groups: [[UInt8]: Group] = [:]

    /// - Precondition: The id is larger than the last one.
    func append(_ id: ID, _ fields: [[UInt8]]) {
        entries.append(Entry(id: id, fields: fields))
        lastID = id
    }

    /// An id for an entry that arrives now, which is larger than the last one even if the clock was set back; nil if
    /// the last one is the largest of all.
    func nextID(at milliseconds: Int) -> ID? {
        if lastID.time < UInt64(milliseconds) { return ID(time: UInt64(milliseconds), number: 0) }
        if lastID.number < .max { return ID(time: lastID.time, number: lastID.number + 1) }
        return lastID.time < .max ? ID(time: lastID.time + 1, number: 0) : nil
    }

    func entries(after id: ID) -> ArraySlice<Entry> {
        entries[position(after: id)...]
    }

    func entries(_ range: ClosedRange<ID>) -> ArraySlice<Entry> {
        entries[
            (entries.firstIndex { $0.id >= range.lowerBound } ?? entries.endIndex)..<position(after: range.upperBound)]
    }

    func entry(_ id: ID) -> Entry? {
        let index = position(after: id) - 1
        return index >= 0 && entries[index].id == id ? entries[index] : nil
    }

    private func position(after id: ID) -> Int {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].id <= id { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
