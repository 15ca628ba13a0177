/// Timers in order of their due time; equal times in order of their making.
///
/// A 4-ary heap of plain entries: half the depth of a binary heap and its children share a cache line. Cancelling is lazy, as
/// in asyncio: a cancelled timer stays until it comes up, or until more than half of a large heap is cancelled.
package struct TimerHeap: ~Copyable {
    private struct Entry {
        var due: Int64
        var sequence: UInt64
        var handle: Unmanaged<TimerHandle>

        func isBefore(_ other: Entry) -> Bool {
            due != other.due ? due < other.due : sequence < other.sequence
        }
    }

    private var entries: UnsafeMutablePointer<Entry>
    private var capacity = 64
    private var sequence: UInt64 = 0
    package private(set) var count = 0
    /// Shared with the handles, which count themselves when they are cancelled.
    package let tally = TimerTally()

    package init() {
        entries = .allocate(capacity: capacity)
    }

    /// The earliest due time of a timer that is not cancelled.
    package var nextDue: Int64? {
        mutating get {
            while count > 0 {
                let first = entries[0]
                let isCancelled = first.handle._withUnsafeGuaranteedRef { $0.isCancelled }
                if !isCancelled { return first.due }
                removeFirst().release()
                tally.cancelled -= 1
            }
            return nil
        }
    }

    package mutating func insert(_ handle: TimerHandle) {
        purgeIfMostlyCancelled()
        if count == capacity { grow() }
        sequence &+= 1
        handle.isScheduled = true
        let entry = Entry(due: handle.when.nanoseconds, sequence: sequence, handle: .passRetained(handle))
        count += 1
        (entries + count - 1).initialize(to: entry)
        siftUp(from: count - 1)
    }

    /// Takes the earliest timer out if it is due at `now`; the caller owns the reference.
    package mutating func popDue(at now: Int64) -> Unmanaged<TimerHandle>? {
        guard let due = nextDue, due <= now else { return nil }
        let handle = removeFirst()
        handle._withUnsafeGuaranteedRef { $0.isScheduled = false }
        return handle
    }

    /// Lets go of every timer without running it.
    package mutating func removeAll() {
        for index in 0..<count { entries[index].handle.release() }
        count = 0
        tally.cancelled = 0
    }

    private mutating func removeFirst() -> Unmanaged<TimerHandle> {
        let handle = entries[0].handle
        count -= 1
        if count > 0 {
            entries[0] = entries[count]
            siftDown(from: 0)
        }
        return handle
    }

    private mutating func purgeIfMostlyCancelled() {
        guard count > 100, tally.cancelled * 2 > count else { return }
        var kept = 0
        for index in 0..<count {
            let entry = entries[index]
            if entry.handle._withUnsafeGuaranteedRef({ $0.isCancelled }) {
                entry.handle.release()
            } else {
                entries[kept] = entry
                kept += 1
            }
        }
        count = kept
        tally.cancelled = 0
        var parent = (count + 2) / 4
        while parent > 0 {
            parent -= 1
            siftDown(from: parent)
        }
    }

    private mutating func siftUp(from start: Int) {
        let entry = entries[start]
        var hole = start
        while hole > 0 {
            let parent = (hole - 1) >> 2
            guard entry.isBefore(entries[parent]) else { break }
            entries[hole] = entries[parent]
            hole = parent
        }
        entries[hole] = entry
    }

    private mutating func siftDown(from start: Int) {
        let entry = entries[start]
        var hole = start
        while true {
            let firstChild = hole * 4 + 1
            guard firstChild < count else { break }
            var least = firstChild
            for child in firstChild + 1..<max(firstChild + 1, min(firstChild + 4, count))
            where entries[child].isBefore(entries[least]) {
                least = child
            }
            guard entries[least].isBefore(entry) else { break }
            entries[hole] = entries[least]
            hole = least
        }
        entries[hole] = entry
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: count)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }

    deinit {
        for index in 0..<count { entries[index].handle.release() }
        entries.deallocate()
    }
}
