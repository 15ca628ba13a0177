public import Kernel

extension AbstractEventLoop {
    /// Connects to a Unix server, for async code.
    ///
    /// Descriptors are sent and taken with the writer's ``StreamWriter/transport``.
    ///
    /// - Parameters:
    ///   - path: The path of the server's socket, or an abstract name that starts with a NUL.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - passesDescriptors: Whether descriptors can be sent and received; costs speed.
    /// - Returns: The two halves of the connection; the writer's `close()` ends it.
    /// - Throws: Same as `createUnixConnection`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ends the attempt to connect; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.open_unix_connection`.
    public func openUnixConnection(
        path: String, limit: Int = 64 * 1024, passesDescriptors: Bool = false
    ) async throws -> (StreamReader, StreamWriter) {
        let address = try UnixAddress.of(path, "openUnixConnection")
        return try await openUnixConnection(address: address, limit: limit, passesDescriptors: passesDescriptors)
    }

    /// Connects to a Unix server at an address of any form, for async code.
    ///
    /// - Parameters:
    ///   - address: The server's address.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - passesDescriptors: Whether descriptors can be sent and received; costs speed.
    /// - Returns: The two halves of the connection.
    /// - Throws: Same as for a path.
    /// - Cancellation: Ends the attempt to connect; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.open_unix_connection` with bytes.
    public func openUnixConnection(
        address: SocketAddress, limit: Int = 64 * 1024, passesDescriptors: Bool = false
    ) async throws -> (StreamReader, StreamWriter) {
        let core = core
        try StreamLimit.check(limit, "openUnixConnection")
        let (transport, connection) = try await createUnixConnection(
            address: address, passesDescriptors: passesDescriptors
        ) { StreamConnection(core: core, limit: limit) }
        return (connection.reader, StreamWriter(transport: transport, connection: connection))
    }

    /// Makes a pair of streams from a connected Unix socket.
    ///
    /// - Parameters:
    ///   - socket: A connected Unix stream socket; the streams take over its descriptor.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - passesDescriptors: Whether descriptors can be sent and received; costs speed.
    /// - Returns: The two halves of the connection.
    /// - Throws: Same as `createUnixConnection(socket:)`; ``EventLoopError`` with `.invalidArgument` for a limit that
    ///   is not positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.open_unix_connection(sock=…)`.
    public func openUnixConnection(
        socket: Socket, limit: Int = 64 * 1024, passesDescriptors: Bool = false
    ) async throws -> (StreamReader, StreamWriter) {
        let core = core
        try StreamLimit.check(limit, "openUnixConnection")
        let (transport, connection) = try await createUnixConnection(
            socket: socket, passesDescriptors: passesDescriptors
        ) { StreamConnection(core: core, limit: limit) }
        return (connection.reader, StreamWriter(transport: transport, connection: connection))
    }

    /// Listens for connections on a Unix socket and runs a task for each.
    ///
    /// - Parameters:
    ///   - path: The path of the socket's file, an abstract name that starts with a NUL, or "" for an abstract name
    ///     that the kernel chooses.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - mode: The permissions of the file; nil for 0o777 less the process' umask.
    ///   - cleanupSocket: Whether to remove the file when the server closes, unless another one has replaced it.
    ///   - addressInUseTimeout: How long to keep trying while an abstract name is in use. Zero tries once.
    ///   - passesDescriptors: Whether connections can send and receive descriptors; costs speed.
    ///   - startServing: Whether to accept at once.
    ///   - handler: Serves one connection. After it returns, the pending bytes are sent and the connection is closed.
    ///     An error that it throws goes to the exception handler, unless it is a cancellation or the connection's own
    ///     error.
    /// - Returns: The server.
    /// - Throws: Same as `createUnixServer`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ends the wait for an address in use; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.start_unix_server`.
    public func startUnixServer(
        path: String, limit: Int = 64 * 1024, backlog: Int = 100, maxConnections: Int? = nil, mode: UInt32? = nil,
        cleanupSocket: Bool = true, addressInUseTimeout: Duration = .milliseconds(100),
        passesDescriptors: Bool = false, startServing: Bool = true,
        _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
    ) async throws -> Server {
        let core = core
        try StreamLimit.check(limit, "startUnixServer")
        return try await createUnixServer(
            path: path, backlog: backlog, maxConnections: maxConnections, mode: mode, cleanupSocket: cleanupSocket,
            addressInUseTimeout: addressInUseTimeout, passesDescriptors: passesDescriptors, startServing: startServing
        ) {
            StreamConnection(core: core, limit: limit) { core.serve($0, $1, handler) }
        }
    }

    /// Listens for connections on a Unix socket that is already bound, and runs a task for each.
    ///
    /// - Parameters:
    ///   - socket: A bound Unix stream socket; the server takes ownership of its descriptor.
    ///   - limit: The longest line or record to read, in bytes.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - cleanupSocket: Whether to remove the socket's file when the server closes.
    ///   - passesDescriptors: Whether connections can send and receive descriptors; costs speed.
    ///   - startServing: Whether to accept at once.
    ///   - handler: Serves one connection.
    /// - Returns: The server.
    /// - Throws: Same as `createUnixServer(socket:)`; ``EventLoopError`` with `.invalidArgument` for a limit that is
    ///   not positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.start_unix_server(sock=…)`.
    public func startUnixServer(
        socket: Socket, limit: Int = 64 * 1024, backlog: Int = 100, maxConnections: Int? = nil,
        cleanupSocket: Bool = true, passesDescriptors: Bool = false, startServing: Bool = true,
        _ handler: @escaping (StreamReader, StreamWriter) async throws -> Void
    ) async throws -> Server {
        let core = core
        try StreamLimit.check(limit, "startUnixServer")
        return try await createUnixServer(
            socket: socket, backlog: backlog, maxConnections: maxConnections, cleanupSocket: cleanupSocket,
            passesDescriptors: passesDescriptors, startServing: startServing
        ) {
            StreamConnection(core: core, limit: limit) { core.serve($0, $1, handler) }
        }
    }
}
