/// An event loop with the contract of asyncio's low-level API.
///
/// Each chapter of asyncio's documentation is an extension in a file of its own: running, scheduling, futures and
/// tasks, connections, servers, streams, names, signals, executors, errors. Code that is written for `any
/// AbstractEventLoop` runs on every kind of loop.
///
/// A loop can be stored anywhere, but must be used on the thread that runs it. The exceptions, such as
/// `callSoonThreadsafe` and `runCoroutineThreadsafe`, are documented with `- Thread: Any.` A loop that is not running
/// may be used by one thread at a time, and may be run by any thread.
///
/// asyncio: `asyncio.AbstractEventLoop`.
public protocol AbstractEventLoop: AnyObject, Sendable {
    /// The part that all loops have in common.
    ///
    /// For internal use only.
    var core: LoopCore { get }
    /// An unretained reference to ``core``.
    ///
    /// For internal use only. If the core were retained, all threads that call the loop would write to its reference
    /// count and contend for that cache line. The loop owns its core, so the core lives as long as the loop.
    var coreReference: Unmanaged<LoopCore> { get }
}

extension AbstractEventLoop {
    /// An unretained reference to ``core``.
    ///
    /// For internal use only.
    public var coreReference: Unmanaged<LoopCore> {
        .passUnretained(core)
    }
}

/// The loop that is running on the calling thread.
///
/// - Throws: ``EventLoopError`` with `.notRunning` if there is none.
///
/// asyncio: `asyncio.get_running_loop()`.
public func getRunningLoop() throws(EventLoopError) -> any AbstractEventLoop {
    guard let loop = RunningLoop.current?.loop as? any AbstractEventLoop else {
        throw EventLoopError(
            .notRunning, "getRunningLoop",
            detail: "No event loop is running on this thread: call it from a callback or a task of a loop")
    }
    return loop
}
