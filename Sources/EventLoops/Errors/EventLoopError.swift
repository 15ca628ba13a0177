public import Kernel

/// An event loop error: what went wrong, in which operation, and what to do about it.
///
/// The codes distinguish who caused the error: *you* (``Code/closed``, ``Code/wrongThread``, ``Code/invalidArgument``),
/// *the peer or the world* (``Code/system`` with an ``errno``), *this system* (``Code/notSupported``).
///
/// asyncio: `RuntimeError`, `ValueError` and `OSError` of the event loop.
public struct EventLoopError: Error, Sendable, CustomStringConvertible {
    /// The kind of error.
    ///
    /// New codes may be added in minor releases.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Value: String, Sendable {
            case closed, alreadyRunning, anotherLoopRunning, running, notRunning, stoppedBeforeCompletion, wrongThread,
                wrongLoop, forkedChild
            case invalidArgument, invalidState, notSupported, system, connectFailed, timedOut, executorShutDown
            case protocolBroken, lookupFailed, queueFull, descriptorInUse, addressShared
        }

        private let value: Value

        private init(_ value: Value) {
            self.value = value
        }

        /// The loop, server, stream or transport is closed.
        ///
        /// asyncio: "Event loop is closed".
        public static let closed = Code(.closed)
        /// This loop is already running.
        ///
        /// asyncio: "This event loop is already running".
        public static let alreadyRunning = Code(.alreadyRunning)
        /// Another loop is running on this thread.
        ///
        /// asyncio: "Cannot run the event loop while another loop is running".
        public static let anotherLoopRunning = Code(.anotherLoopRunning)
        /// The operation is not possible while the loop is running.
        ///
        /// asyncio: "Cannot close a running event loop".
        public static let running = Code(.running)
        /// No loop is running on this thread.
        ///
        /// asyncio: "no running event loop".
        public static let notRunning = Code(.notRunning)
        /// The loop was stopped before the future was done.
        ///
        /// asyncio: "Event loop stopped before Future completed".
        public static let stoppedBeforeCompletion = Code(.stoppedBeforeCompletion)
        /// The call came from a thread that may not use the loop.
        ///
        /// asyncio: "Non-thread-safe operation invoked …".
        public static let wrongThread = Code(.wrongThread)
        /// The call came from a child, made with `fork(2)`, of the process that made the loop.
        public static let forkedChild = Code(.forkedChild)
        /// A future or task belongs to another loop.
        ///
        /// asyncio: "attached to a different loop".
        public static let wrongLoop = Code(.wrongLoop)
        /// An argument, or a combination of arguments, is invalid.
        ///
        /// asyncio: `ValueError`.
        public static let invalidArgument = Code(.invalidArgument)
        /// The loop already uses the descriptor for something else: a transport, a server, a reader or a writer.
        ///
        /// asyncio: "File descriptor … is used by transport …".
        public static let descriptorInUse = Code(.descriptorInUse)
        /// The object is not in a state that allows the operation.
        ///
        /// asyncio: `InvalidStateError`, `RuntimeError`.
        public static let invalidState = Code(.invalidState)
        /// This kernel, loop or object does not support the operation.
        ///
        /// asyncio: `NotImplementedError`.
        public static let notSupported = Code(.notSupported)
        /// A system call failed: see ``EventLoopError/errno``.
        ///
        /// asyncio: `OSError`.
        public static let system = Code(.system)
        /// No address could be connected: see ``EventLoopError/attempts``.
        ///
        /// asyncio: `OSError("Multiple exceptions: …")`.
        public static let connectFailed = Code(.connectFailed)
        /// A deadline passed.
        ///
        /// asyncio: `TimeoutError`.
        public static let timedOut = Code(.timedOut)
        /// The executor accepts no more work.
        ///
        /// asyncio: "Executor shutdown has been called".
        public static let executorShutDown = Code(.executorShutDown)
        /// The executor's queue is full: see `ThreadPoolExecutor.maxPending`.
        public static let queueFull = Code(.queueFull)
        /// A protocol object violated its contract, for instance by supplying an empty buffer.
        public static let protocolBroken = Code(.protocolBroken)
        /// A name could not be resolved: see ``EventLoopError/attempts`` for the resolver's own error.
        public static let lookupFailed = Code(.lookupFailed)

        /// A server with `reusePort` would share its port with another process, and was not allowed to.
        public static let addressShared = Code(.addressShared)

        /// The code's name.
        public var description: String {
            value.rawValue
        }
    }

    /// The kind of error.
    public let code: Code
    /// The operation that failed: the name of the method, for instance `createServer`, or of the system call, for
    /// instance `bind` or `recv`.
    public let operation: String
    /// The kernel's error, if a system call failed.
    public let errno: Errno?
    /// The address that the operation used, if any.
    public let address: String?
    /// One sentence on what happened or what to do next; empty if the code is self-explanatory.
    public let detail: String
    /// The underlying errors, in order: one for each address that was tried, or the resolver's error.
    public let attempts: [any Error]

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: The kind of error.
    ///   - operation: The operation that failed.
    ///   - errno: The kernel's error, if any.
    ///   - address: The address, if any.
    ///   - detail: One sentence on what happened or what to do next.
    ///   - attempts: The underlying errors.
    public init(
        _ code: Code, _ operation: String, errno: Errno? = nil, address: String? = nil, detail: String = "",
        attempts: [any Error] = []
    ) {
        self.code = code
        self.operation = operation
        self.errno = errno
        self.address = address
        self.detail = detail
        self.attempts = attempts
    }

    /// The operation, the address, the reason, the remedy, and the underlying errors.
    public var description: String {
        var text = operation
        if let address { text += " \(address)" }
        text += ": \(errno?.description ?? code.description)"
        if !detail.isEmpty { text += ". \(detail)" }
        if !attempts.isEmpty { text += " [\(attempts.map { "\($0)" }.joined(separator: "; "))]" }
        return text
    }
}

extension EventLoopError {
    /// Makes an error from a failed system call, with a remedy if one is known.
    package init(system errno: Errno, _ operation: String, address: String? = nil) {
        self.init(.system, operation, errno: errno, address: address, detail: Remedy.of(errno) ?? "")
    }

    /// Makes an error from a failed system call that used an address, with a remedy if one is known.
    package init(system errno: Errno, _ operation: String, address: SocketAddress) {
        if errno == .invalidArgument, address.lacksScope, let host = address.host {
            self.init(
                .system, operation, errno: errno, address: address.description,
                detail: "A link-local address is valid on one interface: append the interface, as in \(host)%eth0")
        } else if address.family == .unix, let remedy = Remedy.ofUnixSocket(errno) {
            self.init(.system, operation, errno: errno, address: address.description, detail: remedy)
        } else {
            self.init(system: errno, operation, address: address.description)
        }
    }

    package static func closed(_ operation: String, _ what: String = "Event loop") -> EventLoopError {
        EventLoopError(.closed, operation, detail: "\(what) is closed: make a new one")
    }

    package static func wrongThread(_ operation: String) -> EventLoopError {
        EventLoopError(
            .wrongThread, operation,
            detail: "Call it on the loop's thread, from a task of loop.createTask instead of Task {}, or hand it over "
                + "with callSoonThreadsafe or runCoroutineThreadsafe"
        )
    }

    package static func forkedChild(_ operation: String) -> EventLoopError {
        EventLoopError(
            .forkedChild, operation,
            detail: "After fork() the child must not use its parent's loop: make a new one in the child")
    }

    package static func invalidArgument(_ operation: String, _ detail: String) -> EventLoopError {
        EventLoopError(.invalidArgument, operation, detail: detail)
    }
}

/// The remedies for kernel errors.
private enum Remedy {
    /// The remedies for the addresses of Unix sockets, which are files or abstract names.
    static func ofUnixSocket(_ errno: Errno) -> String? {
        switch errno {
        case .addressInUse:
            "Address is already in use: choose another, or stop the program that has it; a file that is no socket is "
                + "never replaced"
        case .permissionDenied, .notPermitted:
            "The permissions of the socket's file, or of a directory on its path, forbid it"
        case .noSuchFileOrDirectory: "There is no such file: the server has not started, or has another path"
        case .protocolWrongTypeForSocket: "The socket that listens there is of another type"
        default: nil
        }
    }

    static func of(_ errno: Errno) -> String? {
        switch errno {
        case .addressInUse: "Another socket is bound there: stop it, choose another port, or pass reusePort to share it"
        case .addressNotAvailable: "No interface on this machine has that address"
        case .permissionDenied:
            "Ports below 1024 need CAP_NET_BIND_SERVICE; otherwise a firewall or file mode forbids it"
        case .tooManyOpenFiles: "The process has no descriptors left: raise its limit with `ulimit -n` or close some"
        case .tooManyOpenFilesInSystem: "The system has no descriptors left: raise the sysctl fs.file-max"
        case .connectionRefused: "Nothing listens there"
        case .connectionReset: "The peer broke the connection: release the transport, and connect again if necessary"
        case .overflow: "The peer sent descriptors that were not taken: call takeDescriptors() as they arrive"
        case .noMemory, .noBufferSpace: "The kernel is short of memory for sockets: lower the load or raise its limits"
        default: nil
        }
    }
}
