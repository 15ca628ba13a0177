public import Kernel

extension AbstractEventLoop {
    /// Connects to a TCP server, for async code.
    ///
    /// The writer's `close()` ends the connection. Releasing the pair does not: without `close()` the connection stays
    /// open until it breaks or the loop closes, even if the peer has ended the stream.
    ///
    /// - Parameters:
    ///   - host: Name or address.
    ///   - port: 0...65535, although no server can listen on 0.
    ///   - limit: The longest line or record to read, in bytes. At most about twice as much is buffered.
    ///   - family: Which addresses of the host to try.
    ///   - localAddress: Host and port to bind this end to; nil to let the kernel choose.
    ///   - happyEyeballsDelay: How long to wait before the next address is tried in parallel; nil to try one after the
    ///     other.
    /// - Returns: The two halves of the connection.
    /// - Throws: Same as `createConnection`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ends the lookup and all attempts to connect; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.open_connection`.
    public func openConnection(
        host: String, port: Int, limit: Int = 64 * 1024, family: AddressFamily = .unspecified,
        localAddress: (host: String, port: Int)? = nil, happyEyeballsDelay: Duration? = nil
    ) async throws -> (StreamReader, StreamWriter) {
        let core = core
        try StreamLimit.check(limit, "openConnection")
        let (transport, connection) = try await createConnection(
            host: host, port: port, family: family, localAddress: localAddress, happyEyeballsDelay: happyEyeballsDelay
        ) { StreamConnection(core: core, limit: limit) }
        return (connection.reader, StreamWriter(transport: transport, connection: connection))
    }

    /// Makes a pair of streams from a connected socket.
    ///
    /// Close the writer to end the connection: releasing it leaves the connection open.
    ///
    /// - Parameters:
    ///   - socket: A connected stream socket; the streams take over its descriptor.
    ///   - limit: The longest line or record to read, in bytes.
    /// - Returns: The two halves of the connection.
    /// - Throws: Same as `createConnection(socket:)`; ``EventLoopError`` with `.invalidArgument` for a limit that is
    ///   not positive.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.open_connection(sock=…)`.
    public func openConnection(socket: Socket, limit: Int = 64 * 1024) async throws -> (StreamReader, StreamWriter) {
        let core = core
        try StreamLimit.check(limit, "openConnection")
        let (transport, connection) = try await createConnection(socket: socket) {
            StreamConnection(core: core, limit: limit)
        }
        return (connection.reader, StreamWriter(transport: transport, connection: connection))
    }

    /// Listens for TCP connections and runs a task for each.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil or empty for all interfaces.
    ///   - port: 0...65535; 0 for any free port.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - family: Which addresses of the host to use.
    ///   - backlog: How many connections may wait in the kernel to be accepted.
    ///   - reuseAddress: Whether a port can be bound again while old connections to it are in TIME_WAIT.
    ///   - reusePort: Whether other sockets with this option may share the port.
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
        backlog: Int = 100,
        reuseAddress: Bool = true, reusePort: Bool = false, addressInUseTimeout: Duration = .milliseconds(100),
        startServing: Bool = true,
        _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
    ) async throws -> Server {
        let core = core
        try StreamLimit.check(limit, "startServer")
        return try await createServer(
            host: host, port: port, family: family, backlog: backlog, reuseAddress: reuseAddress, reusePort: reusePort,
            addressInUseTimeout: addressInUseTimeout, startServing: startServing
        ) {
            StreamConnection(core: core, limit: limit) { core.serve($0, $1, handler) }
        }
    }
}

enum StreamLimit {
    static func check(_ limit: Int, _ operation: String) throws(EventLoopError) {
        guard limit > 0 else { throw .invalidArgument(operation, "The limit must be above zero, not \(limit)") }
    }
}

extension LoopCore {
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
