public import EventLoops
internal import Glibc
internal import ProactorLoop
internal import SelectorLoop

/// Makes a loop of the policy's kind.
///
/// By default that is what `PROACTOR_BACKEND` names: `auto` (or nothing), `io_uring`, `epoll`, `poll` or `select`.
/// `auto` is io_uring where it works, tried with a real ring, and epoll elsewhere: ``AbstractEventLoop/capabilities``
/// says which and why, and the log has a line if io_uring is denied.
///
///     let loop = try newEventLoop()
///     try loop.runUntilComplete { try await loop.sleep(for: .seconds(1)) }
///     try loop.close()
///
/// At the top level of main.swift a closure is the main actor's, which does not run on the loop: what is to run there
/// is given to `runUntilComplete { … }` (or ``run(debug:loopFactory:_:)``), or to `createTask { @Sendable in … }`.
///
/// - Returns: A loop that does not run yet; the caller closes it.
/// - Throws: ``EventLoopError``: `.system` with the reason and the remedy if the kernel denies what is named;
///   `.invalidArgument` for an unknown name; what another policy throws. asyncio: `asyncio.new_event_loop`.
public func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
    try getEventLoopPolicy().newEventLoop()
}

/// Makes a loop of the kind that `PROACTOR_BACKEND` names: what the default policy makes.
func newEventLoopOfEnvironment() throws(EventLoopError) -> any AbstractEventLoop {
    guard let name = getenv("PROACTOR_BACKEND").map({ String(cString: $0) }), !name.isEmpty else {
        return try BackendChoice.automatic()
    }
    do { return try makeEventLoop(backend: name, because: "PROACTOR_BACKEND=\(name)") } catch {
        guard error.code == .invalidArgument else { throw error }
        throw .invalidArgument("newEventLoop", "PROACTOR_BACKEND: \(error.detail)")
    }
}

/// Makes a loop of the kind that is named.
///
/// - Parameter backend: `auto`, `io_uring`, `epoll`, `poll` or `select`.
/// - Returns: A loop that does not run yet; the caller closes it.
/// - Throws: As ``newEventLoop()``.
public func newEventLoop(backend: String) throws(EventLoopError) -> any AbstractEventLoop {
    try makeEventLoop(backend: backend, because: "The program asks for \(backend)")
}

/// Makes a loop of a kind.
///
///     let loop = try newEventLoop(backend: .epoll)
///
/// - Parameter backend: The kernel interface on which it is to stand; never replaced by another.
/// - Returns: A loop that does not run yet; the caller closes it.
/// - Throws: As ``newEventLoop()``.
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
