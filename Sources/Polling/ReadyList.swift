/// The results of one wait, copied because the body may change the list that was passed to the kernel.
struct ReadyList {
    private var entries: [(tag: UInt64, readiness: Readiness)] = []

    mutating func append(_ tag: UInt64, _ readiness: Readiness) {
        entries.append((tag, readiness))
    }

    /// Calls `body` with each entry, empties the list and returns the number of entries.
    mutating func report(to body: (UInt64, Readiness) -> Void) -> Int {
        // Move the entries out during the calls, and move the emptied array back to keep its memory.
        var reporting: [(tag: UInt64, readiness: Readiness)] = []
        swap(&reporting, &entries)
        for entry in reporting { body(entry.tag, entry.readiness) }
        let count = reporting.count
        reporting.removeAll(keepingCapacity: true)
        swap(&reporting, &entries)
        return count
    }
}
