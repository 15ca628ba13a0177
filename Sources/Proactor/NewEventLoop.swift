public import EventLoops
internal import Glibc
internal import ProactorLoop
internal import SelectorLoop

/// Makes a loop of the policy's kind.
///
/// By default that is what `PROACTOR_BACKEND` names: `auto` (or nothing), `io_uring`, `epoll`, `poll` or `select`.
///
/// - Returns: A loop that does not run yet; the caller closes it.
/// - Throws: ``EventLoopError``: `.system` with the reason and the remedy if the kernel denies io_uring;
///   `.invalidArgument` for an unknown name; what another policy throws. asyncio: `asyncio.new_event_loop`.
public func newEventLoop() throws(EventLoopError) -> any AbstractEventLoop {
    try getEventLoopPolicy().newEventLoop()
}

/// Makes a loop of the kind that `PROACTOR_BACKEND` names: what the default policy makes.
func newEventLoopOfEnvironment() throws(EventLoopError) -> any AbstractEventLoop {
    let name = getenv("PROACTOR_BACKEND").map { String(cString: $0) } ?? "auto"
    return try newEventLoop(backend: name)
}

/// Makes a loop of the kind that is named.
///
/// - Parameter backend: `auto` or `io_uring`.
/// - Returns: A loop that does not run yet; the caller closes it.
/// - Throws: As ``newEventLoop()``.
public func newEventLoop(backend: String) throws(EventLoopError) -> any AbstractEventLoop {
    switch backend {
    case "auto", "", LoopBackend.ioUring.rawValue: return try ProactorEventLoop()
    case LoopBackend.epoll.rawValue: return try SelectorEventLoop(selector: .epoll)
    case LoopBackend.poll.rawValue: return try SelectorEventLoop(selector: .poll)
    case LoopBackend.select.rawValue: return try SelectorEventLoop(selector: .select)
    default:
        throw EventLoopError(.invalidArgument, "newEventLoop", detail: "Unknown backend '\(backend)': auto or io_uring")
    }
}
