import CUring
import Glibc
import Kernel

/// Queues entries: in the submission queue or, if that stays full, in the spill list. Queueing never fails.
extension Ring {
    /// Returns the next entry in order of submission, to be filled before the next call on the ring.
    @inline(__always)
    func nextEntry() -> UnsafeMutablePointer<io_uring_sqe> {
        assert(
            isOwnThread || state.pointee.owner == 0 || isInForkedChild,
            "only the thread that enabled a ring may use it")
        state.pointee.entriesQueued &+= 1
        // A forked child does not have the queue: its entries stay in the spill list.
        if state.pointee.spill.isEmpty, !isInForkedChild, let entry = cu_next_entry(ring) { return entry }
        return entryWhenFull()
    }

    /// Submits the queued entries to free space, and returns the next entry.
    ///
    /// If the kernel takes none, the entry is put into the spill list, as are all later ones until ``refill()`` has
    /// moved the older ones to the queue.
    @inline(never)
    private func entryWhenFull() -> UnsafeMutablePointer<io_uring_sqe> {
        precondition(!isClosed, "an operation was queued on a closed ring")
        // Only on the ring's thread: before enable() the kernel refuses, and on another thread the registered index may
        // refer to another ring.
        if state.pointee.spill.isEmpty, isOwnThread {
            let result = call(submitting: cu_publish_entries(ring), .none)
            state.pointee.entriesSubmitted.add(Int(max(result, 0)))
            latch(result)
            if let entry = cu_next_entry(ring) { return entry }
        }
        return state.pointee.spill.append()
    }

    /// Moves spilled entries, oldest first, to the queue's free slots.
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

    /// Saves a failure that the caller cannot throw, so that the next ``enter(_:)`` throws it.
    func latch(_ result: Int32) {
        if result < 0, !Self.isTransient(result) { state.pointee.latchedFailure = result }
    }

    /// Whether every queued entry is accounted for: submitted, in the queue, or in the spill list.
    package var isBalanced: Bool {
        let waiting = Int(cu_unsubmitted(ring)) + state.pointee.spill.count
        return state.pointee.entriesQueued == state.pointee.entriesSubmitted.value + waiting
    }
}
