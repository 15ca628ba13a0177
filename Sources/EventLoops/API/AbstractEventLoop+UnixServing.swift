public import Kernel

extension AbstractEventLoop {
    /// Listens for connections on a Unix socket; each gets a protocol object of its own.
    ///
    /// If a socket's file exists at the path, it is replaced, even if a program still listens there (as in asyncio).
    /// Other files and symbolic links are not. If an existing file cannot be checked or removed, that is logged, and
    /// binding reports the failure.
    ///
    /// - Parameters:
    ///   - path: The path of the socket's file, at most 107 bytes; an abstract name that starts with a NUL, which has
    ///     no file; or "" for an abstract name that the kernel chooses, which ``Server/sockets`` shows.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - mode: The permissions of the file, for instance 0o660; connecting needs the permission to write. The file
    ///     never has wider permissions. Nil for 0o777 less the process' umask.
    ///   - cleanupSocket: Whether to remove the file when the server closes, unless another one has replaced it.
    ///   - addressInUseTimeout: How long to keep trying while an abstract name is in use: the kernel releases the
    ///     sockets of a killed process that used io_uring only some milliseconds after its end. Zero tries once.
    ///   - passesDescriptors: Whether connections can send and receive descriptors; costs speed.
    ///   - startServing: Whether to accept at once; otherwise call ``Server/startServing()``.
    ///   - makeProtocol: Makes the protocol object of a connection: a ``StreamProtocol`` or a ``BufferedProtocol``.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.system` with errno and address, for instance `EADDRINUSE` or `ENAMETOOLONG`;
    ///   `.invalidArgument`; `.closed`; `.wrongThread`. `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the wait for an address in use; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_unix_server`, with `cleanup_socket` of 3.13; `mode` is new.
    public func createUnixServer<P: ConnectionProtocol>(
        path: String, backlog: Int = 100, maxConnections: Int? = nil, mode: UInt32? = nil,
        cleanupSocket: Bool = true, addressInUseTimeout: Duration = .milliseconds(100), passesDescriptors: Bool = false,
        startServing: Bool = true, _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        try await createUnixServer(
            address: try UnixAddress.of(path, "createUnixServer"), backlog: backlog,
            maxConnections: maxConnections, mode: mode, cleanupSocket: cleanupSocket,
            addressInUseTimeout: addressInUseTimeout,
            passesDescriptors: passesDescriptors, startServing: startServing, makeProtocol)
    }

    /// Listens for connections on a Unix socket with an address of any form, such as a path that is not UTF-8.
    ///
    /// - Parameters:
    ///   - address: The address.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - mode: The permissions of the file; nil for 0o777 less the process' umask.
    ///   - cleanupSocket: Whether to remove the file when the server closes, unless another one has replaced it.
    ///   - addressInUseTimeout: How long to keep trying while an abstract name is in use. Zero tries once.
    ///   - passesDescriptors: Whether connections can send and receive descriptors; costs speed.
    ///   - startServing: Whether to accept at once.
    ///   - makeProtocol: Makes the protocol object of a connection.
    /// - Returns: The server.
    /// - Throws: Same as for a path; ``EventLoopError`` with `.invalidArgument` for an address of another family.
    /// - Cancellation: Ends the wait for an address in use; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_unix_server` with bytes.
    public func createUnixServer<P: ConnectionProtocol>(
        address: SocketAddress, backlog: Int = 100, maxConnections: Int? = nil, mode: UInt32? = nil,
        cleanupSocket: Bool = true, addressInUseTimeout: Duration = .milliseconds(100), passesDescriptors: Bool = false,
        startServing: Bool = true, _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        let operation = "createUnixServer"
        try core.checkTask(operation)
        try UnixAddress.check(address, operation)
        if let mode, mode > 0o777 {
            throw EventLoopError.invalidArgument(operation, "The mode has permissions alone: 0...0o777")
        }
        let path = address.socketFilePath
        let sockets = ServerSockets(
            system: core.sockets, reuseAddress: false, reusePort: false, keepAlive: false, permissions: mode)
        let bound = try await bind(sockets, to: [address], whileInUse: path == nil ? addressInUseTimeout : .zero)
        if let path, let mode {
            do throws(Errno) { try widen(path, to: mode) } catch {
                ServerFile(of: bound[0], core.sockets)?.remove()
                core.close(bound[0])
                throw EventLoopError(system: error, "chmod", address: address)
            }
        }
        return try makeUnixServer(
            bound[0], backlog, maxConnections, cleanupSocket, passesDescriptors, startServing, makeProtocol)
    }

    /// Listens for connections on a Unix socket that is already bound.
    ///
    /// - Parameters:
    ///   - socket: A bound Unix stream socket; the server takes ownership of its descriptor.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - maxConnections: The maximum number of open connections; nil for no limit.
    ///   - cleanupSocket: Whether to remove the socket's file when the server closes, unless another one has replaced
    ///     it since this call. If another server may have replaced it earlier, pass false: its file would be removed. A
    ///     server made by `createServer(socket:)` leaves the file.
    ///   - passesDescriptors: Whether connections can send and receive descriptors; costs speed.
    ///   - startServing: Whether to accept at once.
    ///   - makeProtocol: Makes the protocol object of a connection.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if it is not an open Unix stream socket; `.system`; `.closed`;
    ///   `.wrongThread`.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_unix_server(sock=…)`.
    public func createUnixServer<P: ConnectionProtocol>(
        socket: Socket, backlog: Int = 100, maxConnections: Int? = nil, cleanupSocket: Bool = true,
        passesDescriptors: Bool = false, startServing: Bool = true, _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        try core.checkTask("createUnixServer")
        let descriptor = try StreamSocket.adoptUnix(socket, core.sockets, "createUnixServer")
        return try makeUnixServer(
            descriptor, backlog, maxConnections, cleanupSocket, passesDescriptors, startServing, makeProtocol)
    }

    /// Adds the permissions that the process' umask has taken from a file.
    ///
    /// The umask itself is not changed, because it applies to all threads.
    private func widen(_ path: [UInt8], to permissions: UInt32) throws(Errno) {
        let status = try core.sockets.fileStatus(path)
        if status.isSocket, status.permissions != permissions {
            try core.sockets.setFilePermissions(path, permissions)
        }
    }

    private func makeUnixServer<P: ConnectionProtocol>(
        _ descriptor: Int32, _ backlog: Int, _ maxConnections: Int?, _ cleanupSocket: Bool,
        _ passesDescriptors: Bool, _ startServing: Bool, _ makeProtocol: @escaping () -> P
    ) throws(EventLoopError) -> Server {
        let server = Server(core: core, descriptors: [descriptor], backlog: backlog, maxConnections: maxConnections) {
            makeProtocol()
        }
        server.passesDescriptors = passesDescriptors
        if cleanupSocket { server.file = ServerFile(of: descriptor, core.sockets) }
        guard startServing else { return server }
        do { try server.startServing() } catch {
            server.close()
            throw error
        }
        return server
    }
}
