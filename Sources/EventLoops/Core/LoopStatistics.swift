/// The counters of a loop since it was made, and its present state.
///
/// The figures are kept without locks. On the loop's thread they are current; on another thread, one figure may be a
/// turn older than another. Counters only grow; the difference between two readings gives a rate.
///
/// To supervise a loop from another thread: if ``turns`` does not change between two readings while ``isWaiting`` is
/// false, a callback is blocking the loop.
public struct LoopStatistics: Sendable, Hashable, CustomStringConvertible {
    // MARK: Done so far

    /// The number of turns that have begun.
    public let turns: Int
    /// The number of callbacks and steps of tasks that were processed up to the previous turn, including callbacks that
    /// were cancelled while they waited.
    public let callbacks: Int
    /// The number of timers that became due; a timer that was cancelled earlier does not count.
    public let timersFired: Int
    /// On a ring, the number of operations and cancellations submitted; on a selector, the number of changes to watched
    /// descriptors.
    public let submissions: Int
    /// On a ring, the number of completions, including those of cancellations; on a selector, the number of descriptors
    /// that were found ready.
    public let completions: Int
    /// The number of system calls that submit or wait: `io_uring_enter`, `epoll_wait`, `poll` or `select`.
    public let systemCalls: Int
    /// How often another thread had to wake the loop; a post to a loop that is awake does not count.
    public let wakeUps: Int

    // MARK: Lateness

    /// How late timers fired in the last turn in which any fired: the time from when the earliest was due until its
    /// callback started.
    ///
    /// It shows how long other callbacks block the loop, plus the kernel's own lateness. A timer that was overdue when
    /// it was scheduled, or when the run began, does not count. Initially zero.
    public let lag: Duration
    /// The greatest ``lag`` so far.
    public let worstLag: Duration

    // MARK: Now

    /// Whether the loop is waiting in the kernel or about to, and has not been woken.
    public let isWaiting: Bool
    /// The number of callbacks and steps of tasks that are ready to run.
    public let readyDepth: Int
    /// The largest number of entries that a turn had to run.
    public let readyDepthPeak: Int
    /// The number of timers that are neither due nor cancelled.
    public let timersPending: Int
    /// The number of tasks that have not ended; the code of a `withTimeout` counts as one.
    public let tasks: Int
    /// The number of operations in flight, including the loop's own wake-up; see
    /// ``AbstractEventLoop/pendingOperations``.
    public let operationsInFlight: Int
    /// The number of receive buffers whose bytes are still in use.
    public let receiveBuffersLent: Int
    /// The number of receive buffers that the loop has.
    public let receiveBuffersTotal: Int
    /// The number of transports whose connection is not lost.
    public let connections: Int
    /// The number of servers that are not closed.
    public let servers: Int

    /// All figures, one line per group.
    public var description: String {
        """
        turns \(turns), callbacks \(callbacks), timers fired \(timersFired), wake-ups \(wakeUps)
        submissions \(submissions), completions \(completions), system calls \(systemCalls)
        lag \(lag.inSeconds), worst \(worstLag.inSeconds), \(isWaiting ? "waiting" : "awake")
        ready \(readyDepth), peak \(readyDepthPeak), timers \(timersPending), tasks \(tasks)
        operations in flight \(operationsInFlight), receive buffers lent \(receiveBuffersLent) of \(receiveBuffersTotal)
        connections \(connections), servers \(servers)
        """
    }
}
