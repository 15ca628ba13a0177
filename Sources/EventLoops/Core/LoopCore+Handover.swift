/// How a loop moves from one thread to another.
///
/// A loop that is not running belongs to its home thread; see ``LoopOwnership``. Running and closing move it to the
/// calling thread, which holds it from before the first step until after the last: if two threads begin at the same
/// moment, one is refused before it has changed anything.
extension LoopCore {
    /// Whether this call acquired the loop and has to release it, or an enclosing call did.
    package enum Hold {
        case acquired, inherited
    }

    /// Moves the loop to the calling thread for a run; throws if the run may not start.
    package func acquire(toRun operation: String) throws(EventLoopError) -> Hold {
        if queue.isInForkedChild { throw queue.refusal(operation) }
        if queue.isRunning {
            throw queue.ownership.isHome
                ? EventLoopError(
                    .alreadyRunning, operation, detail: "This event loop is already running: await the code in a task")
                : queue.refusal(operation)
        }
        return try acquire(operation) { () throws(EventLoopError) in
            if isClosed { throw .closed(operation) }
            if RunningLoop.isActive {
                throw EventLoopError(
                    .anotherLoopRunning, operation,
                    detail: "Cannot run the event loop while another loop is running: await the code in a task of that "
                        + "loop, or run it on another thread")
            }
        }
    }

    /// Moves the loop to the calling thread.
    ///
    /// If this throws, the loop stays with its previous thread.
    func acquire(
        _ operation: String, unless check: () throws(EventLoopError) -> Void
    ) throws(EventLoopError) -> Hold {
        if queue.isTurning {
            try check()
            return .inherited
        }
        // Checked before acquiring: a thread that may not have the loop must not block one that may.
        try driver.checkThread(operation)
        guard queue.ownership.acquire() else { throw queue.refusal(operation) }
        do throws(EventLoopError) {
            try check()
            // Another thread may have run the loop meanwhile.
            try driver.checkThread(operation)
            try driver.attach()
        } catch {
            queue.ownership.release()
            throw error
        }
        queue.ownership.transfer()
        // Callbacks that were posted while no thread held the loop run before those that are now added directly.
        queue.drainInbox()
        return .acquired
    }

    /// Releases the loop, unless an enclosing call holds it.
    package func release(_ hold: Hold) {
        if hold == .acquired { queue.ownership.release() }
    }
}
