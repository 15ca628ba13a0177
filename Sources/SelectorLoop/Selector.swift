internal import Kernel
internal import Polling

/// How a ``SelectorEventLoop`` asks the kernel what is ready.
///
/// asyncio: the `selector` of `asyncio.SelectorEventLoop`, from the module `selectors`.
public enum Selector: String, Sendable, CaseIterable, CustomStringConvertible {
    /// `epoll(7)`: what is idle costs nothing. The best on Linux.
    case epoll
    /// `poll(2)`: the kernel looks at every descriptor each time.
    case poll
    /// `select(2)`, the oldest; here without its bound of 1024 descriptors.
    case select

    /// The kernel's name for it.
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
