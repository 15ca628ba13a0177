public import EventLoops
internal import Glibc
internal import Kernel

/// The policy of a program that sets none: a thread's loop is the one that was set on it, and none is made unasked.
///
/// A loop that was set is kept until another one is set on its thread, the thread ends, or the policy goes. Each policy
/// object keeps its own.
///
/// asyncio: `asyncio.DefaultEventLoopPolicy`, as of Python 3.14.
public final class DefaultEventLoopPolicy: EventLoopPolicy {
    private let lock = Lock()
    /// By the mark of the thread.
    ///
    /// Here and not in the thread's own memory, so that a policy that goes lets go of the loops of all threads.
    private nonisolated(unsafe) var loops: [ObjectIdentifier: any AbstractEventLoop] = [:]

    /// Makes a policy under which no thread has a loop.
    ///
    /// asyncio: `asyncio.DefaultEventLoopPolicy()`.
    public init() {}

    /// The loop that was set on the calling thread, also if it was closed since.
    ///
    /// - Returns: The loop.
    /// - Throws: ``EventLoopError`` with `.notRunning` if none was set, on the main thread as on any other. asyncio:
    ///   `policy.get_event_loop()`.
    public func getEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
        let loop = ThreadMark.current.flatMap { mark in lock.withLock { loops[ObjectIdentifier(mark)] } }
        // In a forked child the parent's loop is of no use, and nobody's own.
        guard let loop, !loop.core.queue.isInForkedChild else {
            throw EventLoopError(
                .notRunning, "getEventLoop",
                detail: "No event loop runs on this thread, and none was set on it: "
                    + "use run, or make one with newEventLoop and hand it to setEventLoop")
        }
        return loop
    }

    /// Makes a loop the calling thread's own, instead of what it had.
    ///
    /// Tasks that no loop runs change their thread at every `await`: there it means little.
    ///
    /// asyncio: `policy.set_event_loop(loop)`.
    ///
    /// - Parameter loop: The loop; nil for none.
    public func setEventLoop(_ loop: (any AbstractEventLoop)?) {
        guard let loop else {
            ThreadMark.current.map { replaceLoop(of: $0, by: nil) }
            return
        }
        let mark = ThreadMark.current ?? ThreadMark.make()
        replaceLoop(of: mark, by: loop)
        mark.remember(self)
    }

    /// Makes a loop of the kind that `PROACTOR_BACKEND` names, or the best one here if it names none.
    ///
    /// - Returns: A loop that does not run yet; the caller closes it.
    /// - Throws: As ``newEventLoop(backend:)``. asyncio: `policy.new_event_loop()`.
    public func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
        try newEventLoopOfEnvironment()
    }

    fileprivate func replaceLoop(of mark: ThreadMark, by loop: (any AbstractEventLoop)?) {
        // What was there goes after the lock was left: its end may call a user's code, and that may come back here.
        _ = lock.withLock { () -> (any AbstractEventLoop)? in
            let previous = loops[ObjectIdentifier(mark)]
            loops[ObjectIdentifier(mark)] = loop
            return previous
        }
    }
}

/// Stands for a thread on which a loop was set, and lasts as long as the thread: other than the number of a thread, an
/// object's identity is not given to another one meanwhile.
///
/// Only its own thread touches it.
private final class ThreadMark {
    private struct Keeper {
        weak var policy: DefaultEventLoopPolicy?
    }

    /// Those that may keep a loop for this thread.
    private var keepers: [Keeper] = []

    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        let failure = pthread_key_create(&key) { pointer in
            guard let pointer else { return }
            // The key is empty already: a loop that ends here and sets another one makes a new mark, and the C library
            // looks again.
            Unmanaged<ThreadMark>.fromOpaque(pointer).takeRetainedValue().threadEnds()
        }
        precondition(failure == 0, "pthread_key_create: \(failure)")
        return key
    }()

    /// The calling thread's, if it has one.
    static var current: ThreadMark? {
        pthread_getspecific(key).map { Unmanaged<ThreadMark>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Marks the calling thread, which has no mark yet.
    static func make() -> ThreadMark {
        let mark = ThreadMark()
        // Fails for want of memory only, and so would any other line.
        let failure = pthread_setspecific(key, Unmanaged.passRetained(mark).toOpaque())
        precondition(failure == 0, "pthread_setspecific: \(failure)")
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
