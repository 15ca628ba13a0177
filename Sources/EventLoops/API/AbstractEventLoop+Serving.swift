internal import Glibc
public import Kernel

extension AbstractEventLoop {
    /// Listens for TCP connections; each gets a protocol object of its own.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil or empty for all interfaces, IPv4 and IPv6.
    ///   - port: 0...65535; 0 for a free port per family, which ``Server/sockets`` shows.
    ///   - family: Which addresses of the host to use.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - reuseAddress: Whether the port can be bound while old connections on it are in TIME_WAIT.
    ///   - reusePort: Whether the port can be shared with other sockets of this process that set the same option.
    ///   - sharesWithOtherProcesses: Whether `reusePort` also allows sharing the port with servers of other processes.
    ///     Otherwise the call throws if one listens there, for instance an old process that was not stopped.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - maxConnections: The maximum number of open connections; nil for no limit. At the limit, the server does not
    ///     accept: further connections wait in the kernel's queue.
    ///   - addressInUseTimeout: How long to keep trying while an address is in use: the kernel releases the sockets of
    ///     a killed process that used io_uring only some milliseconds after its end. Zero tries once.
    ///   - startServing: Whether to accept at once; otherwise call ``Server/startServing()``.
    ///   - makeProtocol: Makes the protocol object of a connection: a ``StreamProtocol`` or a ``BufferedProtocol``.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.system` with errno and address; `.addressShared`; `.lookupFailed`;
    ///   `.invalidArgument`; `.executorShutDown`; `.closed`; `.wrongThread`. `CancellationError` if the task is
    ///   cancelled.
    /// - Cancellation: Ends the lookup and the wait for an address in use; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_server`.
    public func createServer<P: ConnectionProtocol>(
        host: String? = nil, port: Int, family: AddressFamily = .unspecified, backlog: Int = 100,
        reuseAddress: Bool = true, reusePort: Bool = false, sharesWithOtherProcesses: Bool = false,
        keepAlive: Bool = false, maxConnections: Int? = nil, addressInUseTimeout: Duration = .milliseconds(100),
        startServing: Bool = true, _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        let sockets = ServerSockets(
            system: core.sockets, reuseAddress: reuseAddress, reusePort: reusePort,
            sharesWithOtherProcesses: sharesWithOtherProcesses, keepAlive: keepAlive)
        let bound = try await bind(sockets, hosts: [host], port, family, addressInUseTimeout)
        return try core.makeServer(bound, backlog, maxConnections, startServing, makeProtocol)
    }

    /// Listens for TCP connections on several hosts.
    ///
    /// - Parameters:
    ///   - host: Names or addresses; at least one.
    ///   - port: 0...65535.
    ///   - family: Which addresses of the hosts to use.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - reuseAddress: Whether the port can be bound while old connections on it are in TIME_WAIT.
    ///   - reusePort: Whether the port can be shared with other sockets of this process that set the same option.
    ///   - sharesWithOtherProcesses: Whether `reusePort` also allows sharing the port with servers of other processes.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - addressInUseTimeout: How long to keep trying while an address is in use: the kernel releases the sockets of
    ///     a killed process that used io_uring only some milliseconds after its end. Zero tries once.
    ///   - startServing: Whether to accept at once.
    ///   - makeProtocol: Makes the protocol object of a connection.
    /// - Returns: The server.
    /// - Throws: Same as for one host.
    /// - Cancellation: Same as for one host.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_server` with a sequence of hosts.
    public func createServer<P: ConnectionProtocol>(
        host: [String], port: Int, family: AddressFamily = .unspecified, backlog: Int = 100, reuseAddress: Bool = true,
        reusePort: Bool = false, sharesWithOtherProcesses: Bool = false, keepAlive: Bool = false,
        maxConnections: Int? = nil, addressInUseTimeout: Duration = .milliseconds(100), startServing: Bool = true,
        _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        guard !host.isEmpty else { throw EventLoopError.invalidArgument("createServer", "The list of hosts is empty") }
        let sockets = ServerSockets(
            system: core.sockets, reuseAddress: reuseAddress, reusePort: reusePort,
            sharesWithOtherProcesses: sharesWithOtherProcesses, keepAlive: keepAlive)
        let bound = try await bind(sockets, hosts: host, port, family, addressInUseTimeout)
        return try core.makeServer(bound, backlog, maxConnections, startServing, makeProtocol)
    }

    /// Listens on a socket that is already bound.
    ///
    /// - Parameters:
    ///   - socket: A bound stream socket, which may already listen; the server takes ownership of its descriptor.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - startServing: Whether to accept at once.
    ///   - makeProtocol: Makes the protocol object of a connection.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if it is not an open stream socket, or for a `maxConnections`
    ///   that is not positive: the socket is then closed; `.system`; `.closed`; `.wrongThread`.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_server(sock=…)`.
    public func createServer<P: ConnectionProtocol>(
        socket: Socket, backlog: Int = 100, maxConnections: Int? = nil, startServing: Bool = true,
        _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        try await createServer(
            sockets: [socket], backlog: backlog, maxConnections: maxConnections, startServing: startServing,
            makeProtocol)
    }

    /// Listens on several sockets that are already bound, such as those of `Socket.activated()`.
    ///
    /// - Parameters:
    ///   - sockets: Bound stream sockets, which may already listen; the server takes ownership of their descriptors. If
    ///     one cannot be used, the caller still owns all of them.
    ///   - backlog: How many connections the kernel queues for each socket until they are accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - startServing: Whether to accept at once.
    ///   - makeProtocol: Makes the protocol object of a connection.
    /// - Returns: The server.
    /// - Throws: Same as for one socket; ``EventLoopError`` with `.invalidArgument` if there is no socket.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    public func createServer<P: ConnectionProtocol>(
        sockets: [Socket], backlog: Int = 100, maxConnections: Int? = nil, startServing: Bool = true,
        _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        let descriptors = try core.adoptListeners(sockets)
        return try core.makeServer(descriptors, backlog, maxConnections, startServing, makeProtocol)
    }

    /// Makes the sockets of a server, bound to every address of the hosts.
    func bind(
        _ sockets: ServerSockets, hosts: [String?], _ port: Int, _ family: AddressFamily, _ timeout: Duration
    ) async throws -> [Int32] {
        try core.checkTask("createServer")
        var addresses: [SocketAddress] = []
        for host in hosts {
            for address in try await core.listeningAddresses(host: host, port: port, family: family)
            where !addresses.contains(address) {
                addresses.append(address)
            }
        }
        try core.checkTask("createServer")
        return try await bind(sockets, to: addresses, whileInUse: timeout)
    }
}

extension LoopCore {
    /// Takes ownership of the descriptors of bound stream sockets.
    func adoptListeners(_ sockets: [Socket]) throws(EventLoopError) -> [Int32] {
        try checkTask("createServer")
        guard !sockets.isEmpty else { throw .invalidArgument("createServer", "The list of sockets is empty") }
        for socket in sockets { try StreamSocket.prepare(socket, self.sockets, "createServer") }
        guard Set(sockets.map(\.fileDescriptor)).count == sockets.count else {
            throw .invalidArgument("createServer", "The list contains a socket twice")
        }
        var descriptors: [Int32] = []
        do throws(EventLoopError) {
            for socket in sockets { descriptors.append(try SocketUse.detach(socket, "createServer")) }
        } catch {
            for descriptor in descriptors { close(descriptor) }
            throw error
        }
        // Accepted sockets inherit the option.
        for descriptor in descriptors { self.sockets.setNoDelay(descriptor) }
        return descriptors
    }

    fileprivate func makeServer<P: ConnectionProtocol>(
        _ descriptors: [Int32], _ backlog: Int, _ maxConnections: Int?, _ startServing: Bool,
        _ makeProtocol: @escaping () -> P
    ) throws(EventLoopError) -> Server {
        try startedServer(descriptors, maxConnections, startServing) {
            Server(core: self, descriptors: descriptors, backlog: backlog, maxConnections: maxConnections) {
                makeProtocol()
            }
        }
    }

    /// Makes a server and starts it if requested; closes its sockets if that fails.
    func startedServer(
        _ descriptors: [Int32], _ maxConnections: Int?, _ startServing: Bool, _ makeServer: () -> Server
    ) throws(EventLoopError) -> Server {
        guard maxConnections.map({ $0 > 0 }) ?? true else {
            for descriptor in descriptors { close(descriptor) }
            throw .invalidArgument("createServer", "maxConnections must be above zero, not \(maxConnections ?? 0)")
        }
        let server = makeServer()
        guard startServing else { return server }
        do { try server.startServing() } catch {
            server.close()
            throw error
        }
        return server
    }
}

/// Checks a socket that a user hands over to the loop.
enum StreamSocket {
    /// Like ``adopt(_:_:_:)``, for a Unix socket.
    static func adoptUnix(
        _ socket: Socket, _ system: any SocketSystem, _ operation: String
    ) throws(EventLoopError) -> Int32 {
        let family = try? system.option(socket.fileDescriptor, level: SOL_SOCKET, name: SO_DOMAIN)
        if let family, family != AF_UNIX || !system.isStream(socket.fileDescriptor) {
            throw .invalidArgument(operation, "A UNIX Domain Stream Socket was expected, got \(socket)")
        }
        return try adopt(socket, system, operation)
    }

    /// Takes ownership of the descriptor of an open stream socket and makes it non-blocking.
    static func adopt(
        _ socket: Socket, _ system: any SocketSystem, _ operation: String
    ) throws(EventLoopError) -> Int32 {
        try prepare(socket, system, operation)
        return try SocketUse.detach(socket, operation)
    }

    /// Checks that a socket is an open stream socket, and makes it non-blocking.
    static func prepare(_ socket: Socket, _ system: any SocketSystem, _ operation: String) throws(EventLoopError) {
        guard socket.fileDescriptor >= 0 else {
            throw .invalidArgument(operation, "The socket is closed or was handed over")
        }
        guard system.isStream(socket.fileDescriptor) else {
            throw .invalidArgument(operation, "A stream socket was expected, got \(socket)")
        }
        try SocketUse.checkIsUnused(socket, operation)
        do { try system.setNonBlocking(socket.fileDescriptor) } catch {
            throw EventLoopError(system: error, operation)
        }
    }
}

/// Runs `body` with a server, then closes the server and waits until its last connection is lost.
///
/// The server is closed even if the body throws.
///
/// - Parameters:
///   - server: The server.
///   - body: The code to run.
/// - Returns: The body's result.
/// - Throws: The body's error; otherwise the same as ``Server/waitClosed()``.
/// - Cancellation: Ends the wait for the connections, which stay open; the server is closed nevertheless.
/// - Thread: A task of the loop.
///
/// asyncio: `async with server`.
public func withServer<Result>(_ server: Server, _ body: (Server) async throws -> Result) async throws -> Result {
    do {
        let result = try await body(server)
        server.close()
        try await server.waitClosed()
        return result
    } catch {
        server.close()
        try? await server.waitClosed()
        throw error
    }
}
