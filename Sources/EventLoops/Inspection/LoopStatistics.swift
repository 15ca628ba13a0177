/// What a loop has done since it was made, and where it stands.
///
/// Counted without locks. Read on the loop's thread the figures are of this moment; read on another each may be a turn
/// older than its neighbour. Counters only grow; rates are the differences of two readings.
///
/// A program that watches its loop from outside: if ``turns`` stays the same from one reading to the next while
/// ``isWaiting`` is false, some callback does not return.
public struct LoopStatistics: Sendable, Hashable, CustomStringConvertible {
    // MARK: Done so far

    /// Turns that have begun.
    public let turns: Int
    /// Callbacks and steps of tasks that had their turn, up to the turn before this one; a callback that was called off
    /// while it waited counts, too.
    public let callbacks: Int
    /// Timers whose time came; one that is cancelled before does not count.
    public let timersFired: Int
    /// What the kernel was asked to do: operations and cancellations that the ring took; on a selector, changes of what
    /// it watches.
    public let submissions: Int
    /// What the kernel answered: completions, those of cancellations too; on a selector, descriptors that it found
    /// ready.
    public let completions: Int
    /// System calls in which the loop asked and waited: `io_uring_enter`, `epoll_wait`, `poll` or `select`.
    public let systemCalls: Int
    /// How often another thread had to wake the loop; not counted is what comes in while it is awake.
    public let wakeUps: Int

    // MARK: Late

    /// By how much the loop was late in the last turn in which timers fired: from when the earliest of them was due
    /// until its callback began.
    ///
    /// It shows how long other callbacks hold the loop, together with the kernel's own lateness. A timer that was
    /// overdue when it was set, or when the run began, does not count. Zero before any that counts.
    public let lag: Duration
    /// The greatest ``lag`` so far.
    public let worstLag: Duration

    // MARK: Now

    /// Whether the loop waits in the kernel, or is just about to, and nobody has woken it.
    public let isWaiting: Bool
    /// Callbacks and steps of tasks that wait for their turn.
    public let readyDepth: Int
    /// The most that a turn had to run.
    public let readyDepthPeak: Int
    /// Timers that are neither due nor cancelled.
    public let timersPending: Int
    /// Tasks that have not ended; the code of a `withTimeout` counts as one.
    public let tasks: Int
    /// What the kernel was asked for and has not done, the loop's own wake-up included: see
    /// ``AbstractEventLoop/pendingOperations``.
    public let operationsInFlight: Int
    /// Receive buffers whose bytes somebody still reads.
    public let receiveBuffersLent: Int
    /// Receive buffers that the loop has.
    public let receiveBuffersTotal: Int
    /// Transports that are not yet lost.
    public let connections: Int
    /// Servers that are not closed.
    public let servers: Int

    /// All figures, a line for each group.
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
