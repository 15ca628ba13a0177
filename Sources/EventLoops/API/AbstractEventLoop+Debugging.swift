extension AbstractEventLoop {
    /// Whether the loop is in debug mode; a new loop is if the environment variable `PROACTOR_DEBUG` is not empty.
    ///
    /// In debug mode handles, timers, futures and tasks record where they were made, for their descriptions and
    /// ``ExceptionContext/sourcePlace``. User code that blocks the loop for ``slowCallbackDuration`` or longer causes a
    /// warning. Servers, connections and transports log their events, and a closing loop logs what is still open.
    /// Without debug mode, all this costs only the check of a flag.
    ///
    /// Can be changed at any time.
    ///
    /// - Thread: Any.
    ///
    /// asyncio: `get_debug`, `set_debug`.
    public var debug: Bool {
        get { core.isDebug }
        set { core.isDebug = newValue }
    }

    /// How long user code may block the loop before debug mode logs a warning; initially 100 ms.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `slow_callback_duration`.
    public var slowCallbackDuration: Duration {
        get { core.observation.slowness }
        set { core.observation.slowness = newValue }
    }

    /// Sets a watchdog: a thread that reports user code that blocks the loop, while it is blocking.
    ///
    /// Debug mode reports slow code after it has ended; the watchdog also finds code that never ends. It samples twice
    /// per threshold, and so reports after 1 to 1.5 times the threshold, once for each callback, step of a task, or
    /// call of a protocol object's method. While the loop sleeps, so does the watchdog. It ends with the loop.
    ///
    ///     try loop.setWatchdog(threshold: .milliseconds(500))
    ///
    /// - Parameters:
    ///   - threshold: How long user code may run; nil to remove the watchdog.
    ///   - report: Called on the watchdog's thread; nil for a warning in the log. While it runs, nothing else is
    ///     detected. It must not reference the loop, which would then never be released.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a threshold that is not positive, `.system` if no thread
    ///   can be started, `.closed`, `.wrongThread`.
    /// - Cost: Up to eight stores per callback, and a table entry per task; nothing without a watchdog.
    /// - Thread: The loop's.
    ///
    /// asyncio: none.
    public func setWatchdog(
        threshold: Duration?, report: (@Sendable (BlockedCallback) -> Void)? = nil
    ) throws(EventLoopError) {
        try core.setWatchdog(threshold, report)
    }
}
