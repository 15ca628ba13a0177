public import EventLoops

/// The loop that runs on the calling thread, whatever the policy says; else the one that the policy has for it.
///
/// Inside of callbacks and tasks this is ``getRunningLoop()``, which says more clearly what is meant. No loop is made
/// here: Python did so until 3.13.
///
/// - Returns: The loop; closing it is up to whoever made it.
/// - Throws: ``EventLoopError`` with `.notRunning` if no loop runs and none was set: use `run`, or ``newEventLoop()``
///   and ``setEventLoop(_:)``.
/// - Thread: Any; each has its own. asyncio: `asyncio.get_event_loop()`.
public func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
    if let running = try? getRunningLoop() { return running }
    return try getEventLoopPolicy().getEventLoop()
}

/// Makes a loop the calling thread's own, by way of the policy: ``getEventLoop()`` finds it while no loop runs.
///
/// - Parameter loop: The loop, which is kept; nil for none. Neither closes what was set before.
/// - Thread: Any; each has its own. asyncio: `asyncio.set_event_loop(loop)`.
public func setEventLoop(_ loop: (any AbstractEventLoop)?) {
    getEventLoopPolicy().setEventLoop(loop)
}
