internal import Glibc
internal import Kernel

/// What a wait has found, put aside: whoever is told may change the list that was waited with.
struct ReadyList {
    private var entries: [(tag: UInt64, readiness: Readiness)] = []

    mutating func append(_ tag: UInt64, _ readiness: Readiness) {
        entries.append((tag, readiness))
    }

    /// Tells all, and forgets them; says how many they were.
    mutating func tell(_ body: (UInt64, Readiness) -> Void) -> Int {
        // Taken out for the time of the telling; put back empty, for its memory.
        var telling: [(tag: UInt64, readiness: Readiness)] = []
        swap(&telling, &entries)
        for entry in telling { body(entry.tag, entry.readiness) }
        let count = telling.count
        telling.removeAll(keepingCapacity: true)
        swap(&telling, &entries)
        return count
    }
}

/// Whether a number is an open descriptor: what `epoll_ctl` finds out by itself.
func isOpen(_ descriptor: Int32) throws(Errno) -> Bool {
    do throws(Errno) { _ = try SystemCall.value { fcntl(descriptor, F_GETFD) } } catch {
        if error == .badFileDescriptor { return false }
        throw error
    }
    return true
}
