/// Timers ordered by due time; timers with equal times are in the order of their creation.
///
/// A 4-ary heap of plain entries: half as deep as a binary heap, and siblings share a cache line. Cancelling is lazy,
/// as it is in asyncio: a cancelled timer stays until it is due, or until more than half of a large heap is cancelled.
package final class TimerHeap {
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
    private var length = 0
    /// Shared with the handles, which count themselves when they are cancelled.
    package let tally = TimerTally()

    package var count: Int {
        length
    }

    /// The number of timers that are not cancelled.
    package var pending: Int {
        length - tally.cancelled
    }

    package init() {
        entries = .allocate(capacity: capacity)
    }

    /// The earliest due time among the timers that are not cancelled.
    package var nextDue: Int64? {
        while length > 0 {
            let first = entries[0]
            let isCancelled = first.handle._withUnsafeGuaranteedRef { $0.isCancelled }
            if !isCancelled { return first.due }
            // If most timers are cancelled, one pass removes them all, which is cheaper than removing them one by one.
            if purgeIfMostlyCancelled() { continue }
            letGo(of: removeFirst())
            tally.count -= 1
        }
        return nil
    }

    private func letGo(of cancelled: Unmanaged<TimerHandle>) {
        cancelled._withUnsafeGuaranteedRef { $0.isOffSchedule() }
        cancelled.release()
    }

    package func insert(_ handle: TimerHandle) {
        purgeIfMostlyCancelled()
        if length == capacity { grow() }
        sequence &+= 1
        handle.isScheduled(by: tally)
        let entry = Entry(due: handle.when.nanoseconds, sequence: sequence, handle: .passRetained(handle))
        length += 1
        (entries + length - 1).initialize(to: entry)
        siftUp(from: length - 1)
    }

    /// Removes the earliest timer if it is due at `now`; the caller owns the reference.
    package func popDue(at now: Int64) -> Unmanaged<TimerHandle>? {
        guard let due = nextDue, due <= now else { return nil }
        let handle = removeFirst()
        handle._withUnsafeGuaranteedRef { $0.isOffSchedule() }
        return handle
    }

    /// Releases every timer without running it, and its callback even if the handle is still referenced.
    package func removeAll() {
        tally.count = 0
        // One at a time: a deinit of what a callback captured may cancel other timers.
        while length > 0 {
            length -= 1
            let handle = entries[length].handle.takeRetainedValue()
            handle.isOffSchedule()
            handle.forget()
        }
        tally.count = 0
    }

    private func removeFirst() -> Unmanaged<TimerHandle> {
        let handle = entries[0].handle
        length -= 1
        if length > 0 {
            entries[0] = entries[length]
            siftDown(from: 0)
        }
        return handle
    }

    @inline(__always) @discardableResult
    private func purgeIfMostlyCancelled() -> Bool {
        guard length > 100, tally.count * 2 > length else { return false }
        purge()
        return true
    }

    private func purge() {
        var kept = 0
        for index in 0..<length {
            let entry = entries[index]
            if entry.handle._withUnsafeGuaranteedRef({ $0.isCancelled }) {
                letGo(of: entry.handle)
            } else {
                entries[kept] = entry
                kept += 1
            }
        }
        length = kept
        tally.count = 0
        var parent = (length + 2) / 4
        while parent > 0 {
            parent -= 1
            siftDown(from: parent)
        }
    }

    private func siftUp(from start: Int) {
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

    private func siftDown(from start: Int) {
        let entry = entries[start]
        var hole = start
        while true {
            let firstChild = hole * 4 + 1
            guard firstChild < length else { break }
            var least = firstChild
            for child in firstChild + 1..<max(firstChild + 1, min(firstChild + 4, length))
            where entries[child].isBefore(entries[least]) {
                least = child
            }
            guard entries[least].isBefore(entry) else { break }
            entries[hole] = entries[least]
            hole = least
        }
        entries[hole] = entry
    }

    private func grow() {
        let larger = UnsafeMutablePointer<Entry>.allocate(capacity: capacity * 2)
        larger.moveInitialize(from: entries, count: length)
        entries.deallocate()
        entries = larger
        capacity *= 2
    }

    deinit {
        removeAll()
        entries.deallocate()
    }
}
