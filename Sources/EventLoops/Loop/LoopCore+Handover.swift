/// How a loop goes from one thread to another.
///
/// A loop that does not run belongs to the thread that ran it last, or before that to the first that used it. Running
/// and closing hand it over, and keep it in hand from before their first step until after their last: of two threads
/// that begin at the same moment one is refused before it has touched anything.
extension LoopCore {
    /// Whether a call took the loop in hand, and so has to let go of it, or one around it has.
    package enum Hold {
        case taken, inherited
    }

    /// Hands the loop over to the calling thread for a run; throws unless that may begin.
    package func takeOver(toRun operation: String) throws(EventLoopError) -> Hold {
        if queue.isInForkedChild { throw queue.refusal(operation) }
        if queue.isRunning {
            throw queue.isOnLoopThread
                ? EventLoopError(
                    .alreadyRunning, operation, detail: "This event loop is already running: await the code in a task")
                : queue.refusal(operation)
        }
        return try takeOver(operation) { () throws(EventLoopError) in
            if isClosed { throw .closed(operation) }
            if RunningLoop.isActive {
                throw EventLoopError(
                    .anotherLoopRunning, operation,
                    detail: "Cannot run the event loop while another loop is running: await the code in a task of that "
                        + "one, or run it on another thread")
            }
        }
    }

    /// Hands the loop over to the calling thread; the thread that had it keeps it if anything is thrown.
    func takeOver(
        _ operation: String, unless check: () throws(EventLoopError) -> Void
    ) throws(EventLoopError) -> Hold {
        if queue.isTurning {
            try check()
            return .inherited
        }
        // Asked before anything is taken: who cannot have the loop must not be in the way of who can.
        try driver.checkThread(operation)
        guard queue.takeInHand() else { throw queue.refusal(operation) }
        do throws(EventLoopError) {
            try check()
            // Another thread may have run it meanwhile.
            try driver.checkThread(operation)
            try driver.attach()
        } catch {
            queue.letGo()
            throw error
        }
        queue.handOver()
        // What was posted while nobody had the loop comes before what is added directly now.
        queue.drainInbox()
        return .taken
    }

    /// Lets go of the loop, unless a call around this one still has it in hand.
    package func giveBack(_ hold: Hold) {
        if hold == .taken { queue.letGo() }
    }
}
