extension AbstractEventLoop {
    /// Whether the loop is in debug mode; `PROACTOR_DEBUG`, set and not empty, puts new loops into it.
    ///
    /// In debug mode handles, timers, futures and tasks remember where they were made, and say so in their descriptions
    /// and in ``ExceptionContext/sourcePlace``; user code that holds the loop for ``slowCallbackDuration`` or longer is
    /// told of in a warning; servers, connections and transports write lines about their life to the log; and what is
    /// open when the loop closes is named. Without it none of this costs more than to look at a flag.
    ///
    /// It can be changed at any time, from any thread, and counts from then on. asyncio: `get_debug`, `set_debug`.
    public var debug: Bool {
        get { core.isDebug }
        set { core.isDebug = newValue }
    }

    /// How long user code may hold the loop before debug mode says so; 100 ms at first.
    ///
    /// Loop thread only. asyncio: `slow_callback_duration`.
    public var slowCallbackDuration: Duration {
        get { core.observation.slowness }
        set { core.observation.slowness = newValue }
    }

    /// Sets a watchdog: a thread of its own that tells of user code that keeps the loop from turning while it does.
    ///
    /// Debug mode tells of slow code once it has ended; the watchdog also finds what never ends. It looks twice within
    /// the threshold, so that it tells after one to one and a half of it, once for each callback, step of a task or
    /// method of a protocol object. While the loop sleeps the watchdog does, too. It ends with the loop.
    ///
    ///     try loop.setWatchdog(threshold: .milliseconds(500))
    ///
    /// - Parameters:
    ///   - threshold: For how long user code may run; nil to take the watchdog away.
    ///   - report: Called on the watchdog's thread; nil for a warning in the log. While it runs, nothing else is found.
    ///     It must not hold the loop: the watchdog's thread would keep a loop that is let go of.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a threshold that is not above zero, `.system` if no thread
    ///   can be had, `.closed`, `.wrongThread`.
    /// - Cost: Four stores at the beginning and at most four at the end of each callback, and for each task an entry in
    ///   a table. Nothing without a watchdog. asyncio has no such thing.
    public func setWatchdog(
        threshold: Duration?, report: (@Sendable (BlockedCallback) -> Void)? = nil
    ) throws(EventLoopError) {
        try core.setWatchdog(threshold, report)
    }
}
