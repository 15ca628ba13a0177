public import EventLoops

/// Runs async code on a new loop, and ends everything with it: the main road into the library.
///
///     try run { loop in
///         let server = try await loop.createServer(host: "127.0.0.1", port: 8888) { Echo() }
///         try await server.serveForever()
///     }
///
/// When `main` has ended, the tasks that are left are cancelled and awaited, the default executor is shut down, and the
/// loop is closed. SIGINT cancels `main`, unless the program handles SIGINT itself; a second SIGINT ends the process. A
/// `main` that returns nothing and lets that cancellation through has then ended well. A process that was started with
/// SIGINT ignored, as a script does with `&`, goes on ignoring it. ``Runner`` is the same step by step.
///
/// Packages that enable the upcoming feature `NonisolatedNonsendingByDefault` may call their own async functions with
/// the state of the loop from `main`; others mark such functions `nonisolated(nonsending)`.
///
/// - Parameters:
///   - debug: Whether callbacks are timed; nil for what `PROACTOR_DEBUG` says.
///   - loopFactory: Makes the loop; nil for ``newEventLoop()``, which asks the policy: the thread's current loop
///     (``setEventLoop(_:)``) is then this one, and none afterwards.
///   - main: The code; all of it runs on the calling thread.
/// - Returns: What `main` returns.
/// - Throws: What `main` throws, `CancellationError` after SIGINT if `main` should have returned something; what making
///   the loop throws; ``EventLoopError`` with `.anotherLoopRunning` inside of a running loop.
/// - Thread: Any that may block. On the main thread no code of the main actor runs meanwhile: waiting for it there is
///   waiting for ever. asyncio: `asyncio.run`.
public func run<Value>(
    debug: Bool? = nil, loopFactory: (() throws -> any AbstractEventLoop)? = nil,
    _ main: sending @escaping (any AbstractEventLoop) async throws -> Value
) throws -> Value {
    let runner = Runner(debug: debug, loopFactory: loopFactory)
    let value: Value
    do { value = try runner.run(main) } catch {
        // The error of `main` says more about what went wrong than one of the closing.
        try? runner.close()
        throw error
    }
    try runner.close()
    return value
}
