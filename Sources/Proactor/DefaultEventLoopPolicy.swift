public import EventLoops
internal import Kernel

/// The default policy: a thread's loop is the one that was set for it; none is made on demand.
///
/// A loop is retained until another one is set on its thread, the thread ends, or the policy is released. Each policy
/// object has its own loops.
///
/// asyncio: `asyncio.DefaultEventLoopPolicy`, as of Python 3.14.
public final class DefaultEventLoopPolicy: EventLoopPolicy {
    private let lock = Lock()
    /// The loops of all threads, keyed by each thread's mark.
    ///
    /// They are not in thread-local storage, so that releasing a policy releases the loops of all threads.
    private nonisolated(unsafe) var loops: [ObjectIdentifier: any AbstractEventLoop] = [:]

    /// Creates a policy under which no thread has a loop.
    ///
    /// asyncio: `asyncio.DefaultEventLoopPolicy()`.
    public init() {}

    /// The loop that was set on the calling thread, even if it has been closed.
    ///
    /// - Returns: The loop.
    /// - Throws: ``EventLoopError`` with `.notRunning` if none was set, even on the main thread.
    /// - Thread: Any; each thread has its own loop.
    ///
    /// asyncio: `policy.get_event_loop()`.
    public func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
        let loop = ThreadMark.current.flatMap { mark in lock.withLock { loops[ObjectIdentifier(mark)] } }
        // A forked child cannot use its parent's loop.
        guard let loop, !loop.core.queue.isInForkedChild else {
            throw EventLoopError(
                .notRunning, "getEventLoop",
                detail: "No event loop is running on this thread, and none was set on it: "
                    + "use run, or make one with newEventLoop and pass it to setEventLoop")
        }
        return loop
    }

    /// Sets the calling thread's loop and releases its previous one.
    ///
    /// This is of little use in tasks that no loop runs, because they may change threads at every `await`.
    ///
    /// - Parameter loop: The loop; nil for none.
    /// - Thread: Any; each thread has its own loop.
    ///
    /// asyncio: `policy.set_event_loop(loop)`.
    public func setEventLoop(_ loop: (any AbstractEventLoop)?) {
        guard let loop else {
            ThreadMark.current.map { replaceLoop(of: $0, by: nil) }
            return
        }
        let mark = ThreadMark.current ?? ThreadMark.make()
        replaceLoop(of: mark, by: loop)
        mark.remember(self)
    }

    /// Makes a loop of the kind that `PROACTOR_BACKEND` names, or of the best kind on this system.
    ///
    /// - Returns: A loop that is not running yet; the caller must close it.
    /// - Throws: The same errors as ``newEventLoop(backend:)``.
    /// - Thread: Any.
    ///
    /// asyncio: `policy.new_event_loop()`.
    public func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
        try newEventLoopOfEnvironment()
    }

    fileprivate func replaceLoop(of mark: ThreadMark, by loop: (any AbstractEventLoop)?) {
        // Release the previous loop outside the lock: its deinit may run user code that calls this function.
        _ = lock.withLock { () -> (any AbstractEventLoop)? in
            let previous = loops[ObjectIdentifier(mark)]
            loops[ObjectIdentifier(mark)] = loop
            return previous
        }
    }
}

/// Identifies a thread on which a loop was set, and lives as long as the thread.
///
/// Unlike a thread's number, the identity of a live object is never reused.
///
/// Only the thread itself uses its mark.
private final class ThreadMark {
    private struct Keeper {
        weak var policy: DefaultEventLoopPolicy?
    }

    /// The policies that may retain a loop for this thread.
    private var keepers: [Keeper] = []

    private static let marks = ThreadLocal { pointer in
        guard let pointer else { return }
        // If the release of a loop sets another one, that makes a new mark, and the C library calls this again.
        Unmanaged<ThreadMark>.fromOpaque(pointer).takeRetainedValue().threadEnds()
    }

    /// The calling thread's mark, if it has one.
    static var current: ThreadMark? {
        marks.value.map { Unmanaged<ThreadMark>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Marks the calling thread, which has no mark yet.
    static func make() -> ThreadMark {
        let mark = ThreadMark()
        marks.value = Unmanaged.passRetained(mark).toOpaque()
        return mark
    }

    func remember(_ policy: DefaultEventLoopPolicy) {
        keepers.removeAll { $0.policy == nil }
        if !keepers.contains(where: { $0.policy === policy }) { keepers.append(Keeper(policy: policy)) }
    }

    private func threadEnds() {
        for keeper in keepers { keeper.policy?.replaceLoop(of: self, by: nil) }
    }
}
