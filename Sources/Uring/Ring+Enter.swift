import CUring
import Glibc
import Kernel

/// Enters the kernel: submits all queued entries and optionally waits for a completion.
extension Ring {
    /// Submits all queued entries, then waits for a completion as `wait` specifies.
    ///
    /// Does not sleep if completions are available or entries are still unsubmitted. With `.none` or a past deadline,
    /// makes no system call if no entry is queued and the kernel has no pending completions. May return early at any
    /// time, for example on a signal: dispatch and call again. If the kernel temporarily accepts no entries (EAGAIN,
    /// EBUSY), they stay queued and the function returns, because dispatching frees space.
    ///
    /// - Throws: ``RingError`` for errors that calling again does not resolve: the wrong thread (EEXIST), a forked
    ///   child (EINVAL), a ring that is closed (EBADF) or not enabled (EBADFD), and completions that the kernel lost
    ///   (EBADR).
    package func enter(_ wait: RingWait) throws(RingError) {
        try checkUse()
        repeat {
            refill()
            let count = cu_publish_entries(ring)
            let sleeps = !wait.isOver && state.pointee.spill.isEmpty && !hasCompletions
            if count == 0, !sleeps, !kernelHasNews { return }
            let result = call(submitting: count, sleeps ? wait : .none)
            guard try advance(by: result) else { return }
        } while cu_unsubmitted(ring) != 0 || !state.pointee.spill.isEmpty
    }

    /// Counts the entries that the kernel took; returns false if it took none and retrying at once is useless.
    @inline(__always)
    private func advance(by result: Int32) throws(RingError) -> Bool {
        if result < 0 {
            if Self.isTransient(result) { return false }
            throw RingError("io_uring_enter", result: result)
        }
        state.pointee.entriesSubmitted.add(Int(result))
        assert(isBalanced, "an entry was lost or counted twice")
        return result > 0
    }

    /// Whether a result is part of normal operation.
    ///
    /// ETIME: the wait timed out. EINTR: a signal ended it (even with SA_RESTART). EAGAIN: the kernel is temporarily
    /// out of memory. EBUSY: it has no space for completions.
    static func isTransient(_ result: Int32) -> Bool {
        result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY
    }

    /// Whether completions are waiting in the ring.
    ///
    /// Stays true throughout a dispatch.
    package var hasCompletions: Bool { cu_completion_tail(ring) != cu_completion_head(ring) }

    /// Whether entering would yield completions: work deferred until then, or completions that overflowed the queue.
    private var kernelHasNews: Bool { cu_queue_flags(ring) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW) != 0 }

    /// Checks the thread in user space: on another thread, the registered index may refer to another ring.
    @inline(__always)
    private func checkUse() throws(RingError) {
        if !isOwnThread || state.pointee.latchedFailure != 0 { try refuseUse() }
    }

    @inline(never)
    private func refuseUse() throws(RingError) {
        try checkOpen("io_uring_enter")
        if isInForkedChild { throw RingError("io_uring_enter", result: -EINVAL) }
        if state.pointee.owner == 0 { throw RingError("io_uring_enter", result: -EBADFD) }
        if !isOwnThread { throw RingError("io_uring_enter", result: -EEXIST) }
        let failure = state.pointee.latchedFailure
        state.pointee.latchedFailure = 0
        throw RingError("io_uring_enter", result: failure)
    }
}

/// Makes the system call.
extension Ring {
    /// Enters the kernel once.
    ///
    /// Always passes GETEVENTS, because with DEFER_TASKRUN, completions are posted only then.
    func call(submitting count: UInt32, _ wait: RingWait) -> Int32 {
        #if DEBUG
            if let errno = faults?.nextEnter() { return -errno.rawValue }
        #endif
        state.pointee.enters.add(1)
        let flags = state.pointee.enterFlags | IORING_ENTER_GETEVENTS
        switch wait {
        case .none: return cu_enter(state.pointee.enterDescriptor, count, 0, flags)
        case .forever: return cu_enter(state.pointee.enterDescriptor, count, 1, flags)
        case .until(let deadline): return call(submitting: count, flags, until: deadline)
        }
    }

    /// Waits until a deadline.
    ///
    /// Kernels before Linux 6.12 take a duration instead.
    private func call(submitting count: UInt32, _ flags: UInt32, until deadline: Int64) -> Int32 {
        let descriptor = state.pointee.enterDescriptor
        if features.absoluteTimer {
            return cu_enter_until(descriptor, count, 1, flags | CU_ENTER_ABS_TIMER, deadline)
        }
        return cu_enter_until(descriptor, count, 1, flags, max(0, deadline - MonotonicClock.now()))
    }
}
