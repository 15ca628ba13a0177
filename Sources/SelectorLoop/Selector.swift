internal import Kernel
internal import Polling

/// The system call with which a ``SelectorEventLoop`` waits for readiness.
///
/// asyncio: the `selector` argument of `asyncio.SelectorEventLoop`, from the module `selectors`.
public enum Selector: String, Sendable, CaseIterable, CustomStringConvertible {
    /// `epoll(7)`, the best choice on Linux: idle descriptors cost nothing.
    case epoll
    /// `poll(2)`: the kernel checks every descriptor in each call.
    case poll
    /// `select(2)`, the oldest of the three, but without its usual limit of 1024 descriptors.
    case select

    /// The system call's name.
    public var description: String {
        rawValue
    }

    func makePoller() throws(Errno) -> any Poller {
        switch self {
        case .epoll: try EpollPoller()
        case .poll: PollPoller()
        case .select: SelectPoller()
        }
    }
}
