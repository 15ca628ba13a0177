public import EventLoops
internal import Glibc
internal import ProactorLoop
internal import SelectorLoop

/// Makes a loop of the policy's kind.
///
/// The default policy uses the environment variable `PROACTOR_BACKEND`: `auto` (or nothing), `io_uring`, `epoll`,
/// `poll` or `select`. `auto` means io_uring if a test with a real ring succeeds, and epoll otherwise.
/// ``AbstractEventLoop/capabilities`` reports the backend and the reason for the choice, and a denial of io_uring is
/// logged.
///
///     let loop = try newEventLoop()
///     try loop.runUntilComplete { try await loop.sleep(for: .seconds(1)) }
///     try loop.close()
///
/// At the top level of main.swift, a closure belongs to the main actor, which does not run on the loop. Pass code for
/// the loop to `runUntilComplete { … }` (or ``run(debug:loopFactory:_:)``), or to `createTask { @Sendable in … }`.
///
/// - Returns: A loop that is not running yet; the caller must close it.
/// - Throws: ``EventLoopError``: `.system`, with the reason and the remedy, if the kernel denies the backend;
///   `.invalidArgument` for an unknown backend name; any error that a custom policy throws.
/// - Thread: Any.
///
/// asyncio: `asyncio.new_event_loop`.
public func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
    try getEventLoopPolicy().newEventLoop()
}

/// Makes a loop of the kind that `PROACTOR_BACKEND` names, as the default policy does.
func newEventLoopOfEnvironment() throws(EventLoopError) -> any AbstractEventLoop {
    guard let name = getenv("PROACTOR_BACKEND").map({ String(cString: $0) }), !name.isEmpty else {
        return try BackendChoice.automatic()
    }
    do { return try makeEventLoop(backend: name, because: "PROACTOR_BACKEND=\(name)") } catch {
        guard error.code == .invalidArgument else { throw error }
        throw .invalidArgument("newEventLoop", "PROACTOR_BACKEND: \(error.detail)")
    }
}

/// Makes a loop on the named backend.
///
/// - Parameter backend: `auto`, `io_uring`, `epoll`, `poll` or `select`.
/// - Returns: A loop that is not running yet; the caller must close it.
/// - Throws: The same errors as ``newEventLoop()``.
/// - Thread: Any.
public func newEventLoop(backend: String) throws(EventLoopError) -> any AbstractEventLoop {
    try makeEventLoop(backend: backend, because: "The program asks for \(backend)")
}

/// Makes a loop on a backend.
///
///     let loop = try newEventLoop(backend: .epoll)
///
/// - Parameter backend: The kernel interface to use; never replaced by another one.
/// - Returns: A loop that is not running yet; the caller must close it.
/// - Throws: The same errors as ``newEventLoop()``.
/// - Thread: Any.
public func newEventLoop(backend: LoopBackend) throws(EventLoopError) -> any AbstractEventLoop {
    try newEventLoop(backend: backend.rawValue)
}

private func makeEventLoop(backend: String, because reason: String) throws(EventLoopError) -> any AbstractEventLoop {
    let loop: any AbstractEventLoop =
        switch backend {
        case "auto", "": try BackendChoice.automatic()
        case LoopBackend.ioUring.rawValue: try ProactorEventLoop()
        default: try SelectorEventLoop(selector: selector(backend))
        }
    if backend != "auto", backend != "" { loop.core.backendReason = BackendReason(reason) }
    return loop
}

private func selector(_ name: String) throws(EventLoopError) -> Selector {
    if let selector = Selector(rawValue: name) { return selector }
    throw .invalidArgument("newEventLoop", "Unknown backend '\(name)': auto, io_uring, epoll, poll or select")
}
