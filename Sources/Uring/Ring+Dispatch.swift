import CUring
import Kernel

/// Delivers completions to their targets.
extension Ring {
    /// The maximum number of times that one ``dispatch()`` fetches overflowed completions; the rest wait for the next.
    private static let maximumRounds = 64

    /// Delivers the available completions to the targets of their operations, oldest first.
    ///
    /// Makes no system call unless the completion queue has overflowed. Targets may queue operations and even call
    /// ``enter(_:)``, but must not dispatch or close.
    ///
    /// - Returns: The number of completions delivered, excluding those with ``ReservedTag/ignored``.
    @discardableResult
    package func dispatch() -> Int {
        if isInForkedChild { return 0 }
        assert(isOwnThread || state.pointee.owner == 0, "only the thread that enabled a ring may use it")
        guard !state.pointee.isDispatching else {
            assertionFailure("a target must not call dispatch during dispatch")
            return 0
        }
        state.pointee.isDispatching = true
        var count = walk()
        guard state.pointee.isDispatching else { return count }
        if cu_queue_flags(ring) & IORING_SQ_CQ_OVERFLOW != 0 { count += walkOverflow() }
        state.pointee.isDispatching = false
        return count
    }

    /// Delivers the completions in the queue; acquires the tail once and publishes the head once.
    ///
    /// A target may enter the kernel during the walk; the kernel reuses no slot until the head is published.
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
                // If a callback has forked, the child does not have the ring's memory; the parent delivers the other
                // completions.
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

    /// Fetches completions that did not fit into the queue.
    ///
    /// The kernel keeps them in order (NODROP), and moves them to the queue only when it is entered.
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
