import CUring
import Kernel

/// Delivers completions to their targets.
extension Ring {
    /// The most rounds of fetching overflowed completions in one ``dispatch()``; the rest waits for the next turn.
    private static let maximumRounds = 64

    /// Delivers every completion to the target of its operation, oldest first, until none is left.
    ///
    /// Makes no system call, unless there are more completions than the queue has places. Targets may queue operations
    /// and even ``enter(_:)``, but not dispatch or close.
    ///
    /// - Returns: How many completions were delivered; those of ``ReservedTag/ignored`` do not count.
    @discardableResult
    package func dispatch() -> Int {
        if isInForkedChild { return 0 }
        assert(isOwnThread || state.pointee.owner == 0, "a ring is used only by the thread that enabled it")
        guard !state.pointee.isDispatching else {
            assertionFailure("dispatch was called by a target during dispatch")
            return 0
        }
        state.pointee.isDispatching = true
        var count = walk()
        guard state.pointee.isDispatching else { return count }
        if cu_queue_flags(ring) & IORING_SQ_CQ_OVERFLOW != 0 { count += walkOverflow() }
        state.pointee.isDispatching = false
        return count
    }

    /// One acquire of the tail, one publish of the head.
    ///
    /// Each completion is copied before it is delivered: what its target queues may enter the kernel, but no place is
    /// reused before the head moves.
    private func walk() -> Int {
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
                deliver(tag, result, CompletionFlags(rawValue: flags))
                // A callback forked. The child has no ring memory, and the remaining completions are the parent's.
                guard !isInForkedChild else { return leaveWalk() }
            }
        }
        if head != first { cu_set_completion_head(ring, head) }
        let count = Int(head &- first)
        state.pointee.completionsReaped.add(count)
        return count - ignored
    }

    @inline(__always)
    private func deliver(_ tag: UInt64, _ result: Int32, _ flags: CompletionFlags) {
        let isLast = !flags.hasMore
        guard let target = operations.complete(tag, isLast: isLast) else { return }
        target._withUnsafeGuaranteedRef { $0.completed(tag, result, flags) }
        if isLast { OperationTable.release(target) }
    }

    /// Ends the walk without touching the ring's memory.
    private func leaveWalk() -> Int {
        state.pointee.isDispatching = false
        return 0
    }

    /// Fetches completions that found the queue full.
    ///
    /// The kernel keeps them in order (NODROP) and moves them to the ring only when it is entered.
    @inline(never)
    private func walkOverflow() -> Int {
        var count = 0
        var rounds = 0
        while cu_queue_flags(ring) & IORING_SQ_CQ_OVERFLOW != 0, rounds < Self.maximumRounds {
            latch(call(submitting: 0, .none))
            count += walk()
            guard state.pointee.isDispatching else { return count }
            rounds += 1
        }
        return count
    }
}
