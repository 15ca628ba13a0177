public import EventLoops

/// Decides which kind of loop a program makes, and which loop belongs to a thread that runs none.
///
/// Programs that know their loop need no policy: ``run(debug:loopFactory:_:)`` and the loop's own methods are enough. A
/// policy is for code that asks from afar, or that has all loops of a process be of another kind:
///
///     final class OnReadiness: EventLoopPolicy {
///         private let current = DefaultEventLoopPolicy()
///
///         func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop { try current.getEventLoop() }
///         func setEventLoop(_ loop: (any AbstractEventLoop)?) { current.setEventLoop(loop) }
///         func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop { try SelectorEventLoop() }
///     }
///     setEventLoopPolicy(OnReadiness())
///
/// Every thread may call a policy at any time.
///
/// asyncio: `asyncio.AbstractEventLoopPolicy`.
public protocol EventLoopPolicy: AnyObject, Sendable {
    /// The loop that belongs to the calling thread, whether it runs or not.
    ///
    /// Not asked on a thread that runs a loop: there it is that loop.
    ///
    /// - Returns: A loop; whoever set it closes it.
    /// - Throws: ``EventLoopError`` with `.notRunning` if there is none. asyncio: `policy.get_event_loop()`.
    func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop

    /// Makes a loop the calling thread's own, instead of what it had.
    ///
    /// asyncio: `policy.set_event_loop(loop)`.
    ///
    /// - Parameter loop: The loop; nil for none.
    func setEventLoop(_ loop: (any AbstractEventLoop)?)

    /// Makes a loop of the policy's kind, and sets it nowhere.
    ///
    /// - Returns: A loop that does not run yet; the caller closes it.
    /// - Throws: ``EventLoopError``: what making a loop throws. asyncio: `policy.new_event_loop()`.
    func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop
}
