extension AbstractEventLoop {
    /// The operations in flight, oldest first, including the loop's own wake-up.
    ///
    /// - Thread: The loop's, that is, the thread that ran or made it. Empty on other threads.
    /// - Cost: One string per operation, built by this call.
    ///
    /// asyncio: none.
    public var pendingOperations: [PendingOperation] {
        guard core.queue.allowsInspection else { return [] }
        return core.pendingOperations
    }

    /// The loop's counters and state.
    ///
    /// - Thread: Any, even while a callback blocks the loop. On the loop's thread the figures are current; elsewhere
    ///   they are those of the last turn.
    /// - Cost: No lock and no system call.
    ///
    /// asyncio: none.
    public var statistics: LoopStatistics {
        core.statistics
    }

    /// Describes the loop's whole state: backend and reason, statistics, tasks, timers, transports, servers, watched
    /// descriptors, signals, and pending operations, oldest first.
    ///
    /// For use in a running program:
    ///
    ///     try loop.addSignalHandler(SIGUSR1) { print(loop.dump()) }
    ///
    /// - Parameter limit: The maximum number of lines per list; the text says how many were omitted.
    /// - Returns: Lines that end with a newline. The format may change in any version.
    /// - Thread: Any. Threads other than the loop's get only the backend and the statistics, without waiting for the
    ///   loop. For everything, use `runCoroutineThreadsafe { loop.dump() }`.
    ///
    /// asyncio: `python -m asyncio ps`, Python 3.14.
    public func dump(limit: Int = 100) -> String {
        LoopReport(core, limit: limit).text
    }
}
