import CUring
import Glibc
import Kernel

/// How an entry is queued: into the queue, after making room in it, or onto the spill list. Never an error, never lost.
extension Ring {
    /// A place for one entry, in the order of submission; to be filled before the next call of the ring.
    @inline(__always)
    func nextEntry() -> UnsafeMutablePointer<io_uring_sqe> {
        assert(
            isOwnThread || state.pointee.owner == 0 || isInForkedChild,
            "a ring is used by the thread that enabled it only")
        state.pointee.entriesQueued &+= 1
        // A forked child does not have the queue: its entries go to the spill list, and no further.
        if state.pointee.spill.isEmpty, !isInForkedChild, let entry = cu_next_entry(ring) { return entry }
        return entryWhenFull()
    }

    /// Submits what is queued to make room.
    ///
    /// If the kernel will not take it, the entry goes to the spill list, and so do all later ones, until ``refill()``
    /// has moved the older ones on.
    @inline(never)
    private func entryWhenFull() -> UnsafeMutablePointer<io_uring_sqe> {
        precondition(!isClosed, "an operation was queued on a closed ring")
        // Not before enable(), and never by the index that means another ring on another thread.
        if state.pointee.spill.isEmpty, isOwnThread {
            let result = call(submitting: cu_publish_entries(ring), .none)
            state.pointee.entriesSubmitted.add(Int(max(result, 0)))
            latch(result)
            if let entry = cu_next_entry(ring) { return entry }
        }
        return state.pointee.spill.append()
    }

    /// Moves spilled entries, oldest first, to the queue's free places.
    @inline(__always)
    func refill() {
        if !state.pointee.spill.isEmpty { refillFromSpill() }
    }

    @inline(never)
    private func refillFromSpill() {
        while !state.pointee.spill.isEmpty, let place = cu_next_entry(ring) {
            guard let entry = state.pointee.spill.popFirst() else { return }
            place.pointee = entry
        }
    }

    /// Keeps a failure that has nobody to throw to for the next ``enter(_:)``.
    func latch(_ result: Int32) {
        if result < 0, !Self.isTransient(result) { state.pointee.latchedFailure = result }
    }

    /// Whether every entry that was queued is with the kernel, in the queue or on the spill list.
    package var isBalanced: Bool {
        let waiting = Int(cu_unsubmitted(ring)) + state.pointee.spill.count
        return state.pointee.entriesQueued == state.pointee.entriesSubmitted.value + waiting
    }
}
