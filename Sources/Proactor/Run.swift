public import EventLoops
internal import Glibc

/// Runs async code on a new loop, and ends everything with it: the main road into the library.
///
///     try run { loop in
///         let server = try await loop.createServer(host: "127.0.0.1", port: 8888) { Echo() }
///         try await server.serveForever()
///     }
///
/// When `main` has ended, the tasks that are left are cancelled and awaited, the default executor is shut down, and the
/// loop is closed. SIGINT cancels `main`, unless the program handles SIGINT itself; a second SIGINT ends the process. A
/// `main` that returns nothing and lets that cancellation through has then ended well.
///
/// Packages that enable the upcoming feature `NonisolatedNonsendingByDefault` may call their own async functions with
/// the state of the loop from `main`; others mark such functions `nonisolated(nonsending)`.
///
/// - Parameters:
///   - debug: Whether callbacks are timed; nil for what `PROACTOR_DEBUG` says.
///   - loopFactory: Makes the loop; nil for ``newEventLoop()``, which asks the policy.
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
    if (try? getRunningLoop()) != nil {
        throw EventLoopError(
            .anotherLoopRunning, "run", detail: "run() cannot be called while a loop runs on this thread")
    }
    let loop = try loopFactory?() ?? newEventLoop()
    if let debug { loop.debug = debug }
    let value: Value
    do { value = try runMain(on: loop, main) } catch {
        // The error of `main` says more about what went wrong than one of the closing.
        try? loop.close()
        throw error
    }
    try loop.close()
    return value
}

private func runMain<Value>(
    on loop: any AbstractEventLoop, _ main: sending @escaping (any AbstractEventLoop) async throws -> Value
) throws -> Value {
    let task = loop.createTask(name: "main", at: nil, plain: { try await main(loop) })
    let interrupt = Interrupt()
    if Interrupt.endsTheProcess() {
        try loop.addSignalHandler(once: SIGINT) {
            interrupt.hasCome = true
            task.cancel()
        }
    }
    defer { try? loop.endAllTasks() }
    do { return try loop.runUntilComplete(task) } catch {
        // Somebody typed Ctrl-C and all was cleaned up: nothing is wrong that a program would have to be told of.
        if interrupt.hasCome, error is CancellationError, let nothing = () as? Value { return nothing }
        throw error
    }
}

private final class Interrupt {
    var hasCome = false

    /// Whether SIGINT would end the process: else the program, or whoever started it, has decided about it.
    static func endsTheProcess() -> Bool {
        var action = sigaction()
        guard sigaction(SIGINT, nil, &action) == 0 else { return false }
        return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 0
    }
}
