public import EventLoops

/// The loop that is running on the calling thread, or otherwise the policy's loop for that thread.
///
/// In callbacks and tasks, prefer ``getRunningLoop()``, which states the intent. Unlike in Python up to 3.13, this
/// never makes a loop.
///
/// - Returns: The loop; the code that created it must close it.
/// - Throws: ``EventLoopError`` with `.notRunning` if no loop is running and none was set: use `run`, or
///   ``newEventLoop()`` and ``setEventLoop(_:)``.
/// - Thread: Any; each thread has its own loop.
///
/// asyncio: `asyncio.get_event_loop()`.
public func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
    if let running = try? getRunningLoop() { return running }
    return try getEventLoopPolicy().getEventLoop()
}

/// Sets the calling thread's loop in the policy: ``getEventLoop()`` returns it while no loop is running.
///
/// - Parameter loop: The loop, which is retained; nil for none. The previous loop is not closed.
/// - Thread: Any; each thread has its own loop.
///
/// asyncio: `asyncio.set_event_loop(loop)`.
public func setEventLoop(_ loop: (any AbstractEventLoop)?) {
    getEventLoopPolicy().setEventLoop(loop)
}
