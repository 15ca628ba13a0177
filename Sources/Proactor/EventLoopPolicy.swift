public import EventLoops

/// Decides which kind of loop a program makes, and which loop belongs to a thread that is not running one.
///
/// Programs that know their loop need no policy: ``run(debug:loopFactory:_:)`` and the loop's own methods are enough. A
/// policy serves code that has no reference to a loop, or selects a different kind of loop for a whole process:
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
/// Any thread may call a policy at any time.
///
/// asyncio: `asyncio.AbstractEventLoopPolicy`.
public protocol EventLoopPolicy: AnyObject, Sendable {
    /// The loop that belongs to the calling thread, whether it is running or not.
    ///
    /// Not called on a thread that runs a loop, where ``getEventLoop()`` returns the running loop.
    ///
    /// - Returns: A loop; the code that set it must close it.
    /// - Throws: ``EventLoopError`` with `.notRunning` if there is none.
    /// - Thread: Any.
    ///
    /// asyncio: `policy.get_event_loop()`.
    func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop

    /// Sets the calling thread's loop and replaces its previous one.
    ///
    /// - Parameter loop: The loop; nil for none.
    /// - Thread: Any.
    ///
    /// asyncio: `policy.set_event_loop(loop)`.
    func setEventLoop(_ loop: (any AbstractEventLoop)?)

    /// Makes a loop of the policy's kind, without setting it as a thread's loop.
    ///
    /// - Returns: A loop that is not running yet; the caller must close it.
    /// - Throws: ``EventLoopError`` if no loop can be made.
    /// - Thread: Any.
    ///
    /// asyncio: `policy.new_event_loop()`.
    func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop
}
