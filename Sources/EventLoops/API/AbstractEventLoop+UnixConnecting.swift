public import Kernel

extension AbstractEventLoop {
    /// Connects to a Unix server and gives the connection to a protocol object.
    ///
    /// The loop retains the transport and the protocol object until the connection is lost.
    ///
    /// While the server's backlog is full, the call waits and tries again after 1 to 50 ms.
    ///
    /// - Parameters:
    ///   - path: The path of the server's socket, at most 107 bytes, or an abstract name that starts with a NUL.
    ///   - passesDescriptors: Whether descriptors can be sent and received; costs speed.
    ///   - makeProtocol: Makes the protocol object when the connection is established: a ``StreamProtocol`` or a
    ///     ``BufferedProtocol``.
    /// - Returns: The transport and the protocol object, whose `connectionMade` has been called.
    /// - Throws: ``EventLoopError``: `.system` with errno and address, for instance `ENOENT` if there is no such file,
    ///   `ECONNREFUSED` if no server listens, or `ENAMETOOLONG`; `.invalidArgument`; `.closed`; `.wrongThread`.
    ///   `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the attempt to connect; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_unix_connection`.
    public func createUnixConnection<P: ConnectionProtocol>(
        path: String, passesDescriptors: Bool = false, _ makeProtocol: @escaping () -> P
    ) async throws -> (any StreamTransport, P) {
        let address = try UnixAddress.of(path, "createUnixConnection")
        return try await createUnixConnection(address: address, passesDescriptors: passesDescriptors, makeProtocol)
    }

    /// Connects to a Unix server at an address of any form, such as one whose path is not UTF-8.
    ///
    /// - Parameters:
    ///   - address: The server's address.
    ///   - passesDescriptors: Whether descriptors can be sent and received; costs speed.
    ///   - makeProtocol: Makes the protocol object when the connection is established.
    /// - Returns: The transport and the protocol object.
    /// - Throws: Same as for a path; ``EventLoopError`` with `.invalidArgument` for an address of another family.
    /// - Cancellation: Ends the attempt to connect; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_unix_connection` with bytes.
    public func createUnixConnection<P: ConnectionProtocol>(
        address: SocketAddress, passesDescriptors: Bool = false, _ makeProtocol: @escaping () -> P
    ) async throws -> (any StreamTransport, P) {
        let operation = "createUnixConnection"
        try core.checkTask(operation)
        try UnixAddress.check(address, operation)
        switch try await Connector(core: core).connectInOrder([address]) {
        case .connected(let descriptor, _):
            do { try core.checkTask(operation) } catch {
                core.close(descriptor)
                throw error
            }
            return try beginUnix(descriptor, passesDescriptors, operation, makeProtocol)
        case .failed(let errors):
            throw errors.first ?? EventLoopError(.connectFailed, operation, address: address.description)
        }
    }

    /// Gives a connected Unix socket to a protocol object, which the loop retains until the connection is lost.
    ///
    /// - Parameters:
    ///   - socket: A connected Unix stream socket; the transport owns its descriptor from now on.
    ///   - passesDescriptors: Whether descriptors can be sent and received; costs speed.
    ///   - makeProtocol: Makes the protocol object.
    /// - Returns: The transport and the protocol object.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if it is not an open Unix stream socket; `.system`; `.closed`;
    ///   `.wrongThread`.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_unix_connection(sock=…)`.
    public func createUnixConnection<P: ConnectionProtocol>(
        socket: Socket, passesDescriptors: Bool = false, _ makeProtocol: @escaping () -> P
    ) async throws -> (any StreamTransport, P) {
        let operation = "createUnixConnection"
        try core.checkTask(operation)
        let descriptor = try StreamSocket.adoptUnix(socket, core.sockets, operation)
        return try beginUnix(descriptor, passesDescriptors, operation, makeProtocol)
    }

    private func beginUnix<P: ConnectionProtocol>(
        _ descriptor: Int32, _ passesDescriptors: Bool, _ operation: String, _ makeProtocol: () -> P
    ) throws -> (any StreamTransport, P) {
        do {
            try core.check(operation)
            let connectionProtocol = makeProtocol()
            let transport = try SocketTransport(
                core: core, descriptor: descriptor, protocol: connectionProtocol, passesDescriptors: passesDescriptors)
            core.note(.debug, "\(transport) is connected, for \(connectionProtocol)")
            try transport.begin()
            return (transport, connectionProtocol)
        } catch {
            core.close(descriptor)
            throw error
        }
    }
}

/// Addresses of Unix sockets, as arguments.
enum UnixAddress {
    static func of(_ path: String, _ operation: String) throws(EventLoopError) -> SocketAddress {
        do throws(Errno) { return try SocketAddress(unixPath: path) } catch {
            let detail =
                error == .nameTooLong
                ? "The path of a Unix socket has at most 107 bytes, this one \(path.utf8.count): use a shorter path, "
                    + "for instance one that is relative to the working directory"
                : "A path contains no NUL, unless it begins with one that marks an abstract name"
            throw EventLoopError(.system, operation, errno: error, address: path, detail: detail)
        }
    }

    static func check(_ address: SocketAddress, _ operation: String) throws(EventLoopError) {
        guard address.family == .unix else {
            throw .invalidArgument(operation, "\(address) is not the address of a Unix socket")
        }
    }
}
