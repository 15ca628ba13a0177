extension AbstractEventLoop {
    /// The operations in flight, oldest first, including the loop's own wake-up.
    ///
    /// - Thread: The loop's, which is the one that ran or made it. Empty on other threads.
    /// - Cost: A text for each, made by this call.
    ///
    /// asyncio: none.
    public var pendingOperations: [PendingOperation] {
        guard core.queue.allowsInspection else { return [] }
        return core.pendingOperations
    }

    /// The loop's counters and state.
    ///
    /// - Thread: Any, also while a callback blocks the loop. The figures are current on the loop's thread, and those of
    ///   the last turn elsewhere.
    /// - Cost: No lock and no system call.
    ///
    /// asyncio: none.
    public var statistics: LoopStatistics {
        core.statistics
    }

    /// Describes the loop's whole state: kind and reason, statistics, tasks, timers, transports, servers, watched
    /// descriptors, signals, and pending operations, oldest first.
    ///
    /// For use in a running program:
    ///
    ///     try loop.addSignalHandler(SIGUSR1) { print(loop.dump()) }
    ///
    /// - Parameter limit: The maximum number of lines for each list; the number of omitted ones is shown.
    /// - Returns: Lines that end with a newline. The format may change in any version.
    /// - Thread: Any. Another thread than the loop's gets kind and statistics only, at once, even if the loop is
    ///   blocked. For everything, use `runCoroutineThreadsafe { loop.dump() }`.
    ///
    /// asyncio: `python -m asyncio ps`, Python 3.14.
    public func dump(limit: Int = 100) -> String {
        LoopReport(core, limit: limit).text
    }
}
