public import EventLoops
public import Glibc

/// Runs async code on one loop, any number of times, and then closes it: the building block of `run`.
///
///     let runner = Runner()
///     try runner.run { loop in try await migrate(loop) }
///     try runner.run { loop in try await serve(loop) }
///     try runner.close()
///
/// The loop is made on first use. Tasks that a run leaves behind continue in the next one.
///
/// SIGINT and SIGTERM during a run cancel its `main`, unless the program has set an action other than the default for
/// the signal. A second signal terminates the process: one of the same kind even if the loop is stuck, one of another
/// kind only after the loop has noticed the first. Signals belong to the process, not to the main thread: a signal
/// cancels the `main` of every current run, on all threads. Between runs, the signals take their default actions.
///
/// The kernel ignores default actions for process 1 of a PID namespace, such as the main process of a container. There,
/// the loop must notice the second signal, too, and the process exits with status 128 plus the signal's number.
///
/// - Thread: A single thread, which must be allowed to block.
///
/// asyncio: `asyncio.Runner`, which handles SIGINT only.
public final class Runner {
    private enum State {
        case new
        case open(any AbstractEventLoop)
        case closed
    }

    private var state = State.new
    private let debug: Bool?
    private let signals: Set<Int32>
    private let loopFactory: (() throws -> any AbstractEventLoop)?

    /// Creates a runner without a loop.
    ///
    /// - Parameters:
    ///   - debug: Whether debug mode is on; nil to use `PROACTOR_DEBUG`.
    ///   - signals: The numbers of the signals that cancel the `main` of a run; empty for none.
    ///   - loopFactory: Makes the loop, which does not become the thread's current loop. If nil, ``newEventLoop()``
    ///     makes the loop and ``setEventLoop(_:)`` makes it current; both use the policy.
    ///
    /// asyncio: `Runner(debug=, loop_factory=)`.
    public init(
        debug: Bool? = nil, signals: Set<Int32> = [SIGINT, SIGTERM],
        loopFactory: (() throws -> any AbstractEventLoop)? = nil
    ) {
        self.debug = debug
        self.signals = signals
        self.loopFactory = loopFactory
    }

    deinit {
        guard case .open(let loop) = state else { return }
        Log.write(.warning, "unclosed runner of \(loop): call close() before releasing a runner")
        do { try close() } catch { Log.write(.error, "\(error)") }
    }

    /// The loop, which is made on first use.
    ///
    /// - Throws: ``EventLoopError`` with `.closed` after ``close()``; any error from making the loop.
    ///
    /// asyncio: `get_loop`.
    public var loop: any AbstractEventLoop {
        get throws { try openLoop("loop") }
    }

    /// Runs async code as a task of the loop until it ends.
    ///
    /// - Parameter main: The code; all of it runs on the calling thread.
    /// - Returns: What `main` returns. If the return type of `main` is `Void` and `main` throws the `CancellationError`
    ///   that results from a signal, this returns normally.
    /// - Throws: Any error from `main` or from making the loop. `CancellationError` after a signal if `main` returns a
    ///   value. ``EventLoopError``: `.anotherLoopRunning` if a loop is running on this thread; `.wrongThread` while
    ///   another thread runs or closes the loop; `.closed` after ``close()``; `.stoppedBeforeCompletion` if the loop's
    ///   `stop()` was called first, in which case `main` continues in the next run; `.invalidArgument` or `.system` for
    ///   a signal that cannot be caught.
    ///
    /// asyncio: `run`.
    public func run<Value>(_ main: sending @escaping (any AbstractEventLoop) async throws -> Value) throws -> Value {
        try Self.checkNoneRuns("run", instead: "await the code, or run it on another thread")
        let loop = try openLoop("run")
        let hold = try loop.core.acquire(toRun: "run")
        defer { loop.core.release(hold) }
        let interruption = try Interruption(of: loop, by: signals)
        defer { interruption.end() }
        let task = loop.createTask(name: "main", at: nil, plain: { try await main(loop) })
        interruption.cancel = { task.cancel() }
        do { return try loop.runUntilComplete(task) } catch {
            // A signal that ended `main` cleanly is not an error. If `main` was also cancelled elsewhere, report that.
            if interruption.first != nil, error is CancellationError, task.uncancel() == 0, let nothing = () as? Value {
                return nothing
            }
            throw error
        }
    }

    /// Cancels the remaining tasks, finishes all sequences, shuts down the default executor, and closes the loop.
    ///
    /// Tasks are cancelled and awaited; their errors go to the exception handler. Idempotent. If no loop was made, this
    /// only prevents further runs. If the runner had set the thread's current loop, the thread has none afterwards.
    ///
    /// - Throws: ``EventLoopError`` with `.anotherLoopRunning` if a loop is running on this thread, in which case
    ///   nothing was closed; otherwise the first error from any step, after all steps have been taken.
    ///
    /// asyncio: `close`.
    public func close() throws {
        guard case .open(let loop) = state else {
            state = .closed
            return
        }
        try Self.checkNoneRuns("close", instead: "close when the run has ended")
        state = .closed
        defer { if loopFactory == nil { setEventLoop(nil) } }
        do { try loop.endAllTasks() } catch {
            // The first error says more about the cause than one from closing.
            try? loop.close()
            throw error
        }
        try loop.close()
    }

    static func checkNoneRuns(_ operation: String, instead: String) throws(EventLoopError) {
        guard (try? getRunningLoop()) == nil else {
            let detail = "\(operation)() cannot be called while a loop is running on this thread: \(instead)"
            throw EventLoopError(.anotherLoopRunning, operation, detail: detail)
        }
    }

    private func openLoop(_ operation: String) throws -> any AbstractEventLoop {
        switch state {
        case .open(let loop): return loop
        case .closed: throw EventLoopError.closed(operation, "Runner")
        case .new: break
        }
        let loop = try loopFactory?() ?? newEventLoop()
        if loopFactory == nil { setEventLoop(loop) }
        if let debug { loop.debug = debug }
        state = .open(loop)
        return loop
    }
}
