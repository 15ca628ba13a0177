extension AbstractEventLoop {
    /// What the kernel was asked for and has not done, oldest first, with the loop's own wake-up.
    ///
    /// - Thread: The loop's, which is the one that ran or made it; elsewhere it is empty.
    /// - Cost: A text for each; made when asked for, and nothing is kept for it but a time for each operation. asyncio:
    ///   none.
    public var pendingOperations: [PendingOperation] {
        guard core.queue.allowsInspection else { return [] }
        return core.pendingOperations
    }

    /// What the loop has done, and where it stands.
    ///
    /// - Thread: Any, also while the loop is stuck in a callback. On the thread that runs the loop the figures are of
    ///   this moment, elsewhere of the loop's last turn.
    /// - Cost: No lock and no system call. asyncio: none.
    public var statistics: LoopStatistics {
        core.statistics
    }

    /// The loop's whole state as a text for people: kind and reason, statistics, tasks, timers, transports, servers,
    /// watched descriptors, signals, and pending operations, oldest first.
    ///
    /// To be had from a program that runs:
    ///
    ///     try loop.addSignalHandler(SIGUSR1) { print(loop.dump()) }
    ///
    /// - Parameter limit: How many lines a list may have; of what is left out the number is told.
    /// - Returns: Lines, each ended by a newline. Their form may change with any version.
    /// - Thread: Any. What it says beyond the kind and the statistics is known on the loop's thread only: another
    ///   thread gets those alone, at once, even if the loop is stuck; where it is not,
    ///   `runCoroutineThreadsafe { loop.dump() }` has all of it. asyncio: `python -m asyncio ps`, Python 3.14.
    public func dump(limit: Int = 100) -> String {
        LoopReport(core, limit: limit).text
    }
}
