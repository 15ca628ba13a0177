/// An event loop with the contract of asyncio's low-level API.
///
/// Each chapter of asyncio's documentation is an extension in a file of its own: running, scheduling, futures and
/// tasks, connections, servers, streams, names, signals, executors, errors. Code written against `any
/// AbstractEventLoop` runs on every kind of loop.
///
/// A loop may be stored anywhere, but is to be used on the thread that runs it; the exceptions say so:
/// `callSoonThreadsafe` and `runCoroutineThreadsafe`. A loop that does not run may be used by one thread at a time, and
/// run by any.
///
/// asyncio: `asyncio.AbstractEventLoop`.
public protocol AbstractEventLoop: AnyObject, Sendable {
    /// What all loops have in common. Not for users.
    var core: LoopCore { get }
    /// The core, without counting a reference to it.
    ///
    /// Not for users. The count is memory to which all threads that call the loop would write, and wait for each other;
    /// since the loop owns its core, it is there as long as the loop is.
    var coreReference: Unmanaged<LoopCore> { get }
}

extension AbstractEventLoop {
    /// The core, without counting a reference to it for longer than this call.
    ///
    /// Not for users.
    public var coreReference: Unmanaged<LoopCore> {
        .passUnretained(core)
    }
}

/// The loop that runs on the calling thread.
///
/// - Throws: ``EventLoopError`` with `.notRunning` if there is none. asyncio: `asyncio.get_running_loop()`.
public func getRunningLoop() throws(EventLoopError) -> any AbstractEventLoop {
    guard let loop = RunningLoop.current?.loop as? any AbstractEventLoop else {
        throw EventLoopError(
            .notRunning, "getRunningLoop",
            detail: "No event loop runs on this thread: call it from a callback or a task of a loop")
    }
    return loop
}
