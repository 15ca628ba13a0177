/// The kernel interface that a loop is based on.
public enum LoopBackend: String, Sendable, CaseIterable, CustomStringConvertible {
    /// Completions: operations are submitted to the kernel's ring.
    case ioUring = "io_uring"
    /// Readiness by `epoll(7)`.
    case epoll
    /// Readiness by `poll(2)`.
    case poll
    /// Readiness by `select(2)`.
    case select

    /// The kernel's name for the interface.
    public var description: String {
        rawValue
    }
}
