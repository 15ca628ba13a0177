public import EventLoops

/// The loop that runs on the calling thread, or else the policy's loop for that thread.
///
/// In callbacks and tasks, prefer ``getRunningLoop()``, which states the intent. Unlike Python until 3.13, this makes
/// no loop.
///
/// - Returns: The loop; its creator closes it.
/// - Throws: ``EventLoopError`` with `.notRunning` if no loop runs and none was set: use `run`, or ``newEventLoop()``
///   and ``setEventLoop(_:)``.
/// - Thread: Any; each has its own.
///
/// asyncio: `asyncio.get_event_loop()`.
public func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
    if let running = try? getRunningLoop() { return running }
    return try getEventLoopPolicy().getEventLoop()
}

/// Sets the calling thread's loop in the policy: ``getEventLoop()`` returns it while no loop runs.
///
/// - Parameter loop: The loop, which is retained; nil for none. The previous loop is not closed.
/// - Thread: Any; each has its own.
///
/// asyncio: `asyncio.set_event_loop(loop)`.
public func setEventLoop(_ loop: (any AbstractEventLoop)?) {
    getEventLoopPolicy().setEventLoop(loop)
}
