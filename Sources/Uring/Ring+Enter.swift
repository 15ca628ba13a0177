import CUring
import Glibc
import Kernel

/// The one system call: submit everything that is queued and, if asked, wait for a completion.
extension Ring {
    /// Submits all queued entries, then waits until there is a completion to reap, if `wait` says so.
    ///
    /// It does not sleep when completions are there already, nor while an entry is unsubmitted, and with `.none` or a
    /// time that has passed makes no system call at all when nothing is queued and the kernel has nothing to say. It
    /// may return early at any time, on a signal for one: reap, and come again. When the kernel takes no entries for
    /// now (EAGAIN, EBUSY) they stay queued and it returns, because reaping is what helps.
    ///
    /// - Throws: ``RingError`` for what coming again does not cure: another thread than the ring's (EEXIST), a ring
    ///   that is closed (EBADF) or not enabled (EBADFD), and completions that the kernel lost (EBADR).
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

    /// Accounts for what the kernel took; false when it took nothing and calling again at once is of no use.
    @inline(__always)
    private func advance(by result: Int32) throws(RingError) -> Bool {
        if result < 0 {
            if Self.isTransient(result) { return false }
            throw RingError("io_uring_enter", result: result)
        }
        state.pointee.entriesSubmitted.add(Int(result))
        assert(isBalanced, "entries were lost or counted twice")
        return result > 0
    }

    /// Results that are part of normal life: a wait that ended by time (ETIME) or by a signal (EINTR, even with
    /// SA_RESTART), and a kernel without memory (EAGAIN) or room for completions (EBUSY) at the moment.
    static func isTransient(_ result: Int32) -> Bool {
        result == -ETIME || result == -EINTR || result == -EAGAIN || result == -EBUSY
    }

    /// Whether completions wait in the ring.
    ///
    /// While they are being walked this is true to the end.
    package var hasCompletions: Bool { cu_completion_tail(ring) != cu_completion_head(ring) }

    /// Whether entering would bring completions: work deferred to this call, or completions that found no place.
    private var kernelHasNews: Bool { cu_queue_flags(ring) & (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW) != 0 }

    /// Checks in user space what the kernel cannot: a registered ring's index means another ring on another thread.
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

/// The call itself.
extension Ring {
    /// Enters the kernel once.
    ///
    /// GETEVENTS always: with DEFER_TASKRUN completions are made nowhere else.
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

    /// Waits until a time.
    ///
    /// Before Linux 6.12 the kernel wants to know how long instead of until when.
    private func call(submitting count: UInt32, _ flags: UInt32, until deadline: Int64) -> Int32 {
        let descriptor = state.pointee.enterDescriptor
        if features.absoluteTimer {
            return cu_enter_until(descriptor, count, 1, flags | CU_ENTER_ABS_TIMER, deadline)
        }
        return cu_enter_until(descriptor, count, 1, flags, max(0, deadline - MonotonicClock.now()))
    }
}
