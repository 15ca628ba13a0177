import CUring

/// A FIFO of entries that were queued while the submission queue was full and the kernel accepted no submissions.
///
/// It is empty except in the rare case in which the kernel returns EAGAIN or EBUSY, so it is simple: entries are
/// appended, and their space is reused only after all have been removed.
struct EntrySpill {
    private var entries: UnsafeMutablePointer<io_uring_sqe>?
    private var capacity = 0
    private var first = 0
    private var end = 0

    /// The number of waiting entries.
    var count: Int { end - first }

    /// Whether no entry is waiting; checked each time an entry is queued.
    @inline(__always)
    var isEmpty: Bool { end == 0 }

    /// Appends an entry for the caller to fill; the pointer is valid until the next call.
    mutating func append() -> UnsafeMutablePointer<io_uring_sqe> {
        if end == capacity { grow() }
        defer { end += 1 }
        return entries! + end
    }

    /// Removes and returns the oldest entry; nil if there is none.
    mutating func popFirst() -> io_uring_sqe? {
        guard first < end, let entries else { return nil }
        defer {
            first += 1
            if first == end { (first, end) = (0, 0) }
        }
        return entries[first]
    }

    /// Frees the memory and drops all waiting entries.
    mutating func deallocate() {
        entries?.deallocate()
        self = EntrySpill()
    }

    private mutating func grow() {
        let larger = UnsafeMutablePointer<io_uring_sqe>.allocate(capacity: max(64, capacity * 2))
        larger.initialize(repeating: io_uring_sqe(), count: max(64, capacity * 2))
        if let entries { larger.update(from: entries, count: end) }
        entries?.deallocate()
        entries = larger
        capacity = max(64, capacity * 2)
    }
}
