public import EventLoops
public import Glibc

/// Runs async code on a new loop and closes the loop afterwards: the main entry point of the library.
///
///     try run { loop in
///         let server = try await loop.createServer(host: "127.0.0.1", port: 8888) { Echo() }
///         try await server.serveForever()
///     }
///
/// After `main`, the remaining tasks are cancelled and awaited, the default executor is shut down, and the loop is
/// closed. ``Runner`` offers the same in separate steps.
///
/// SIGINT and SIGTERM cancel `main`, unless the program handles the signal itself; a second signal of either kind
/// terminates the process. (Process 1 of a container then exits with status 128 plus the signal's number; see
/// ``Runner``.) If the return type of `main` is `Void` and `main` throws the resulting `CancellationError`, `run`
/// returns normally, so that a program that does nothing else exits with status 0 after either signal. A process that
/// was started with SIGINT ignored, as shell scripts do for commands with `&`, keeps ignoring it.
///
/// To let connections finish, handle the signal yourself: it then does not cancel `main`, and
/// ``Server/close(deadline:)`` can wait.
///
///     for try await _ in try loop.signals(SIGTERM, SIGINT) { break }
///     try await server.close(deadline: .seconds(10))
///
/// Packages that enable the upcoming feature `NonisolatedNonsendingByDefault` can call their own async functions from
/// `main` and pass them non-Sendable state of the loop; other packages must mark such functions
/// `nonisolated(nonsending)`.
///
/// - Parameters:
///   - debug: Whether debug mode is on; nil to use `PROACTOR_DEBUG`.
///   - signals: The numbers of the signals that cancel `main`; empty for none.
///   - loopFactory: Makes the loop. If nil, ``newEventLoop()`` makes it, and the loop is the thread's current loop
///     (``setEventLoop(_:)``) during the run; afterwards the thread has none.
///   - main: The code; all of it runs on the calling thread.
/// - Returns: What `main` returns.
/// - Throws: Any error from `main` or from making the loop. `CancellationError` after a signal if `main` returns a
///   value. ``EventLoopError``: `.anotherLoopRunning` if a loop is running on this thread; `.invalidArgument` or
///   `.system` for a signal that cannot be caught.
/// - Thread: Any thread that is allowed to block. On the main thread, the main actor's code does not run during the
///   call, so awaiting it from `main` would deadlock.
///
/// asyncio: `asyncio.run`, which handles SIGINT only.
public func run<Value>(
    debug: Bool? = nil, signals: Set<Int32> = [SIGINT, SIGTERM],
    loopFactory: (() throws -> any AbstractEventLoop)? = nil,
    _ main: sending @escaping (any AbstractEventLoop) async throws -> Value
) throws -> Value {
    let runner = Runner(debug: debug, signals: signals, loopFactory: loopFactory)
    let value: Value
    do { value = try runner.run(main) } catch {
        // An error thrown by `main` says more about the cause than one from closing.
        try? runner.close()
        throw error
    }
    try runner.close()
    return value
}
