public import Kernel

extension AbstractEventLoop {
    /// Listens for TCP connections and runs a task for each.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil or empty for all interfaces.
    ///   - port: 0...65535; 0 for any free port.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - family: Which addresses of the host to use.
    ///   - backlog: How many connections may wait in the kernel to be accepted.
    ///   - reuseAddress: Whether a port can be bound again while old connections to it are in TIME_WAIT.
    ///   - reusePort: Whether other sockets of this process with this option may share the port.
    ///   - sharesWithOtherProcesses: Whether servers of other processes may share it, too, as for `createServer`.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - addressInUseTimeout: How long to keep trying while an address is in use, as for `createServer`.
    ///   - startServing: Whether to accept at once.
    ///   - handler: Serves one connection. After it returns, the pending bytes are sent and the connection is closed.
    ///     An error that it throws goes to the exception handler, unless it is a cancellation or the connection's own
    ///     error.
    /// - Returns: The server.
    /// - Throws: Same as `createServer`; ``EventLoopError`` with `.invalidArgument` for a limit that is not positive.
    /// - Cancellation: Ends the lookup and the wait for an address in use; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.start_server`.
    public func startServer(
        host: String? = nil, port: Int, limit: Int = 64 * 1024, family: AddressFamily = .unspecified,
        backlog: Int = 100, reuseAddress: Bool = true, reusePort: Bool = false, sharesWithOtherProcesses: Bool = false,
        keepAlive: Bool = false, maxConnections: Int? = nil, addressInUseTimeout: Duration = .milliseconds(100),
        startServing: Bool = true, _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
    ) async throws -> Server {
        let core = core
        try StreamLimit.check(limit, "startServer")
        return try await createServer(
            host: host, port: port, family: family, backlog: backlog, reuseAddress: reuseAddress, reusePort: reusePort,
            sharesWithOtherProcesses: sharesWithOtherProcesses, keepAlive: keepAlive, maxConnections: maxConnections,
            addressInUseTimeout: addressInUseTimeout, startServing: startServing
        ) {
            StreamConnection(core: core, limit: limit) { core.serve($0, $1, handler) }
        }
    }

    /// Listens on sockets that are already bound, and runs a task for each connection.
    ///
    /// - Parameters:
    ///   - sockets: Bound stream sockets, such as those of `Socket.activated()`; the server takes ownership of their
    ///     descriptors.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - backlog: How many connections may wait in the kernel to be accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - startServing: Whether to accept at once.
    ///   - handler: Serves one connection, as for `startServer(host:port:)`.
    /// - Returns: The server.
    /// - Throws: Same as `createServer(sockets:)`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.start_server(sock=…)`.
    public func startServer(
        sockets: [Socket], limit: Int = 64 * 1024, backlog: Int = 100, maxConnections: Int? = nil,
        startServing: Bool = true, _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
    ) async throws -> Server {
        let core = core
        try StreamLimit.check(limit, "startServer")
        return try await createServer(
            sockets: sockets, backlog: backlog, maxConnections: maxConnections, startServing: startServing
        ) {
            StreamConnection(core: core, limit: limit) { core.serve($0, $1, handler) }
        }
    }

    /// Listens on a socket that is already bound, and runs a task for each connection.
    ///
    /// - Parameters:
    ///   - socket: A bound stream socket; the server takes ownership of its descriptor.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - backlog: How many connections may wait in the kernel to be accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - startServing: Whether to accept at once.
    ///   - handler: Serves one connection, as for `startServer(host:port:)`.
    /// - Returns: The server.
    /// - Throws: Same as `createServer(socket:)`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.start_server(sock=…)`.
    public func startServer(
        socket: Socket, limit: Int = 64 * 1024, backlog: Int = 100, maxConnections: Int? = nil,
        startServing: Bool = true, _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
    ) async throws -> Server {
        try await startServer(
            sockets: [socket], limit: limit, backlog: backlog, maxConnections: maxConnections,
            startServing: startServing, handler)
    }

    /// Listens for TCP connections, which are the elements of ``Server/connections``.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil or empty for all interfaces.
    ///   - port: 0...65535; 0 for any free port.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - family: Which addresses of the host to use.
    ///   - backlog: How many connections may wait in the kernel to be accepted.
    ///   - reuseAddress: Whether a port can be bound again while old connections to it are in TIME_WAIT.
    ///   - reusePort: Whether other sockets of this process with this option may share the port.
    ///   - sharesWithOtherProcesses: Whether servers of other processes may share it, too, as for `createServer`.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - addressInUseTimeout: How long to keep trying while an address is in use, as for `createServer`.
    ///   - startServing: Whether to accept at once.
    /// - Returns: The server.
    /// - Throws: Same as `createServer`; ``EventLoopError`` with `.invalidArgument` for a limit that is not positive.
    /// - Cancellation: Ends the lookup and the wait for an address in use; no socket stays open.
    /// - Thread: A task of the loop.
    public func startServer(
        host: String? = nil, port: Int, limit: Int = 64 * 1024, family: AddressFamily = .unspecified,
        backlog: Int = 100, reuseAddress: Bool = true, reusePort: Bool = false, sharesWithOtherProcesses: Bool = false,
        keepAlive: Bool = false, maxConnections: Int? = nil, addressInUseTimeout: Duration = .milliseconds(100),
        startServing: Bool = true
    ) async throws -> Server {
        try StreamLimit.check(limit, "startServer")
        let sockets = ServerSockets(
            system: core.sockets, reuseAddress: reuseAddress, reusePort: reusePort,
            sharesWithOtherProcesses: sharesWithOtherProcesses, keepAlive: keepAlive)
        let bound = try await bind(sockets, hosts: [host], port, family, addressInUseTimeout)
        return try core.makeServer(bound, backlog, maxConnections, startServing, limit)
    }

    /// Listens on sockets that are already bound; the connections are the elements of ``Server/connections``.
    ///
    /// - Parameters:
    ///   - sockets: Bound stream sockets; the server takes ownership of their descriptors.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - backlog: How many connections may wait in the kernel to be accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - startServing: Whether to accept at once.
    /// - Returns: The server.
    /// - Throws: Same as `createServer(sockets:)`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    public func startServer(
        sockets: [Socket], limit: Int = 64 * 1024, backlog: Int = 100, maxConnections: Int? = nil,
        startServing: Bool = true
    ) async throws -> Server {
        try StreamLimit.check(limit, "startServer")
        let descriptors = try core.adoptListeners(sockets)
        return try core.makeServer(descriptors, backlog, maxConnections, startServing, limit)
    }

    /// Listens on a socket that is already bound; the connections are the elements of ``Server/connections``.
    ///
    /// - Parameters:
    ///   - socket: A bound stream socket; the server takes ownership of its descriptor.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - backlog: How many connections may wait in the kernel to be accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - startServing: Whether to accept at once.
    /// - Returns: The server.
    /// - Throws: Same as `createServer(socket:)`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    public func startServer(
        socket: Socket, limit: Int = 64 * 1024, backlog: Int = 100, maxConnections: Int? = nil,
        startServing: Bool = true
    ) async throws -> Server {
        try await startServer(
            sockets: [socket], limit: limit, backlog: backlog, maxConnections: maxConnections,
            startServing: startServing)
    }
}

extension LoopCore {
    fileprivate func makeServer(
        _ descriptors: [Int32], _ backlog: Int, _ maxConnections: Int?, _ startServing: Bool, _ limit: Int
    ) throws(EventLoopError) -> Server {
        try startedServer(descriptors, maxConnections, startServing) {
            Server(core: self, descriptors: descriptors, backlog: backlog, maxConnections: maxConnections, limit: limit)
        }
    }

    /// Runs a connection's handler as a task, and closes the connection when the handler returns or throws.
    func serve(
        _ connection: StreamConnection, _ transport: any StreamTransport,
        _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
    ) {
        _ = createTask(
            name: nil,
            plain: { [self] in
                defer { transport.close() }
                do {
                    try await handler(connection.reader, StreamWriter(transport: transport, connection: connection))
                } catch {
                    report(error, from: connection, transport)
                }
            })
    }

    private func report(_ error: any Error, from connection: StreamConnection, _ transport: any StreamTransport) {
        // A broken connection is not the fault of its handler.
        if error is CancellationError || (connection.hasBroken && error is EventLoopError) { return }
        var context = ExceptionContext(message: "Unhandled exception in connection handler", error: error)
        context.task = CancellationScope.owner(on: queue)
        context.protocol = connection
        context.transport = transport
        exceptions.report(context)
    }
}
