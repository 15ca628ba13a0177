import CUring
import Kernel

/// The walk over what completed.
extension Ring {
    /// The most rounds of fetching overflowed completions in one ``reap(_:)``; the rest waits for the next turn.
    private static let mostRounds = 64

    /// Calls `body` with every completion, oldest first, until none is left.
    ///
    /// Makes no system call, except when more completed than the queue has places.
    ///
    /// - Parameter body: Gets the tag, the result (a count, a descriptor or a negative error number) and the flags
    ///   (IORING_CQE_F_*). It may queue operations and even ``enter(_:)``, but not reap or close.
    /// - Returns: How often `body` was called. Completions of ``ReservedTag/ignored`` are not shown to it.
    @discardableResult
    package func reap(_ body: (_ tag: UInt64, _ result: Int32, _ flags: UInt32) -> Void) -> Int {
        if isInForkedChild { return 0 }
        assert(isOwnThread || state.pointee.owner == 0, "a ring is used by the thread that enabled it only")
        guard !state.pointee.isReaping else {
            assertionFailure("reap was called from within reap's body")
            return 0
        }
        state.pointee.isReaping = true
        var count = walk(body)
        guard state.pointee.isReaping else { return count }
        if cu_queue_flags(ring) & IORING_SQ_CQ_OVERFLOW != 0 { count += walkOverflow(body) }
        state.pointee.isReaping = false
        return count
    }

    /// Ends the walk that goes on, without a look at the ring: for a forked child, which does not have its memory.
    ///
    /// To be called by the body of ``reap(_:)``.
    package func leaveWalk() {
        state.pointee.isReaping = false
    }

    /// One acquire of the tail, one publish of the head.
    ///
    /// Each completion is copied before `body` sees it: what `body` queues may enter the kernel, but no place is reused
    /// before the head moves.
    @inline(__always)
    private func walk(_ body: (_ tag: UInt64, _ result: Int32, _ flags: UInt32) -> Void) -> Int {
        let tail = cu_completion_tail(ring)
        let first = cu_completion_head(ring)
        var head = first
        var ignored = 0
        while head != tail {
            let completion = cu_completion(ring, head)
            let tag = completion.pointee.user_data
            var (result, flags) = (completion.pointee.res, completion.pointee.flags)
            head &+= 1
            #if DEBUG
                if let faults { (result, flags) = faults.completed(tag, result, flags) }
            #endif
            if tag == ReservedTag.ignored {
                ignored += 1
                if result < 0 { state.pointee.ignoredFailures &+= 1 }
            } else {
                body(tag, result, flags)
                guard state.pointee.isReaping else { return 0 }
            }
        }
        if head != first { cu_set_completion_head(ring, head) }
        let count = Int(head &- first)
        state.pointee.completionsReaped.add(count)
        return count - ignored
    }

    /// Fetches completions that found the queue full.
    ///
    /// The kernel keeps them in order (NODROP) and moves them to the ring only when it is entered.
    @inline(never)
    private func walkOverflow(_ body: (_ tag: UInt64, _ result: Int32, _ flags: UInt32) -> Void) -> Int {
        var count = 0
        var rounds = 0
        while cu_queue_flags(ring) & IORING_SQ_CQ_OVERFLOW != 0, rounds < Self.mostRounds {
            latch(call(submitting: 0, .none))
            count += walk(body)
            guard state.pointee.isReaping else { return count }
            rounds += 1
        }
        return count
    }
}
