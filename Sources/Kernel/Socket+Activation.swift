import Glibc

extension Socket {
    /// Takes the sockets that the service manager has opened for this process, in the manager's order.
    ///
    ///     // [Socket] ListenStream=8080
    ///     let sockets = try Socket.activated().map(\.socket)
    ///     let server = sockets.isEmpty
    ///         ? try await loop.createServer(port: 8080) { Echo() }
    ///         : try await loop.createServer(sockets: sockets) { Echo() }
    ///
    /// Connections wait in the kernel while the program is restarted, so none is refused.
    ///
    /// The variables `LISTEN_FDS`, `LISTEN_PID` and `LISTEN_FDNAMES` are removed from the environment, and the
    /// descriptors are marked close-on-exec, so that programs that this process starts neither inherit the sockets nor
    /// mistake them for their own. A second call returns no sockets.
    ///
    /// - Returns: The sockets with their names (`FileDescriptorName=`), "unknown" if the manager gives none. Empty if
    ///   the variables are missing or meant for another process.
    /// - Throws: `.invalidArgument` if a variable is malformed; `.badFileDescriptor` or `.notSocket` if a descriptor is
    ///   not an open socket. No descriptor is closed in this case.
    /// - Thread: Any; call it before other threads use the environment, which C cannot protect.
    ///
    /// Source: `sd_listen_fds_with_names(3)`.
    public static func activated() throws(Errno) -> [(name: String, socket: Socket)] {
        let variables = ActivationVariables { name in getenv(name).map { String(cString: $0) } }
        guard let variables, variables.process == nil || variables.process == getpid() else { return [] }
        for name in ActivationVariables.names { unsetenv(name) }
        let named = try variables.named { descriptor throws(Errno) in
            _ = try SocketCalls.option(descriptor, level: SOL_SOCKET, name: SO_TYPE)
        }
        for (_, descriptor) in named {
            try SystemCall.nothing { fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        }
        return named.map { ($0.name, Socket(takingOwnershipOf: $0.descriptor)) }
    }
}

/// The environment variables through which a service manager passes sockets.
struct ActivationVariables {
    static let names = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]
    /// The first descriptor; the others follow it.
    private static let first = STDERR_FILENO + 1

    /// The process that the sockets are meant for; nil if the variable is malformed.
    let process: pid_t?
    private let count: String
    private let descriptorNames: String?

    /// - Parameter value: Looks up an environment variable.
    init?(_ value: (String) -> String?) {
        guard let process = value(Self.names[0]), let count = value(Self.names[1]) else { return nil }
        self.process = pid_t(process)
        self.count = count
        descriptorNames = value(Self.names[2])
    }

    /// The descriptors and their names.
    ///
    /// - Parameter check: Throws for a descriptor that is no socket, so that a huge count ends at the first one.
    func named(_ check: (Int32) throws(Errno) -> Void) throws(Errno) -> [(name: String, descriptor: Int32)] {
        guard process != nil, let count = Int32(count), (0...Int32.max - Self.first).contains(count) else {
            throw .invalidArgument
        }
        let names = descriptorNames?.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard names.map({ $0.count == Int(count) }) ?? true || count == 0 else { throw .invalidArgument }
        var named: [(name: String, descriptor: Int32)] = []
        for index in 0..<count {
            try check(Self.first + index)
            named.append((names?[Int(index)] ?? "unknown", Self.first + index))
        }
        return named
    }
}
