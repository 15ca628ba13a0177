import CUring

/// Entries that found the submission queue full when the kernel would not take any: a first-in, first-out list.
///
/// It is empty but for the rare moments in which the kernel answers EAGAIN or EBUSY, so it need not be clever: entries
/// are added at the end until all have gone.
struct EntrySpill {
    private var entries: UnsafeMutablePointer<io_uring_sqe>?
    private var capacity = 0
    private var first = 0
    private var end = 0

    /// How many entries wait.
    var count: Int { end - first }

    /// Whether none waits: asked for every entry that is queued.
    @inline(__always)
    var isEmpty: Bool { end == 0 }

    /// A place at the end, to be filled by the caller; valid until the next call.
    mutating func append() -> UnsafeMutablePointer<io_uring_sqe> {
        if end == capacity { grow() }
        defer { end += 1 }
        return entries! + end
    }

    /// Takes the oldest entry, if any.
    mutating func popFirst() -> io_uring_sqe? {
        guard first < end, let entries else { return nil }
        defer {
            first += 1
            if first == end { (first, end) = (0, 0) }
        }
        return entries[first]
    }

    /// Gives the memory back; what waited is dropped.
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
