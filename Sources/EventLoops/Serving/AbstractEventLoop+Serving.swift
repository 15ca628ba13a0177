public import Kernel

extension AbstractEventLoop {
    /// Listens for TCP connections; each gets a protocol object of its own.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil or empty for all interfaces, IPv4 and IPv6.
    ///   - port: 0...65535; 0 for a free one, of each family its own, which ``Server/sockets`` tells.
    ///   - family: Which addresses of the host to take.
    ///   - backlog: How many connections the kernel keeps that were not accepted yet.
    ///   - reuseAddress: Whether a port can be bound again while old connections of it fade.
    ///   - reusePort: Whether other sockets that say so too may share the port.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - startServing: Whether to accept at once; else ``Server/startServing()`` begins.
    ///   - makeProtocol: Makes the protocol object of a connection: a ``StreamProtocol`` or a ``BufferedProtocol``.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.system` with errno and address, `.lookupFailed`, `.invalidArgument`, `.closed`,
    ///   `.wrongThread`; `CancellationError`. asyncio: `create_server`.
    public func createServer<P: ConnectionProtocol>(
        host: String? = nil, port: Int, family: AddressFamily = .unspecified, backlog: Int = 100,
        reuseAddress: Bool = true, reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true,
        _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        try await createServer(
            hosts: [host], port: port, family: family, backlog: backlog, reuseAddress: reuseAddress,
            reusePort: reusePort, keepAlive: keepAlive, startServing: startServing, makeProtocol)
    }

    /// Listens for TCP connections on several hosts.
    ///
    /// - Parameters:
    ///   - host: Names or addresses; at least one.
    ///   - port: 0...65535.
    ///   - family: Which addresses of the hosts to take.
    ///   - backlog: How many connections the kernel keeps that were not accepted yet.
    ///   - reuseAddress: Whether a port can be bound again while old connections of it fade.
    ///   - reusePort: Whether other sockets that say so too may share the port.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - startServing: Whether to accept at once.
    ///   - makeProtocol: Makes the protocol object of a connection.
    /// - Returns: The server.
    /// - Throws: As for one host. asyncio: `create_server` with a sequence of hosts.
    public func createServer<P: ConnectionProtocol>(
        host: [String], port: Int, family: AddressFamily = .unspecified, backlog: Int = 100, reuseAddress: Bool = true,
        reusePort: Bool = false, keepAlive: Bool = false, startServing: Bool = true, _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        guard !host.isEmpty else { throw EventLoopError.invalidArgument("createServer", "The list of hosts is empty") }
        return try await createServer(
            hosts: host, port: port, family: family, backlog: backlog, reuseAddress: reuseAddress, reusePort: reusePort,
            keepAlive: keepAlive, startServing: startServing, makeProtocol)
    }

    /// Listens on a socket that is bound already.
    ///
    /// - Parameters:
    ///   - socket: A bound stream socket; the server owns its descriptor from now on.
    ///   - backlog: How many connections the kernel keeps that were not accepted yet.
    ///   - startServing: Whether to accept at once.
    ///   - makeProtocol: Makes the protocol object of a connection.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if it is no stream socket, else as above. asyncio:
    ///   `create_server(sock=…)`.
    public func createServer<P: ConnectionProtocol>(
        socket: Socket, backlog: Int = 100, startServing: Bool = true, _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        try core.checkTask("createServer")
        let descriptor = try StreamSocket.adopt(socket, "createServer")
        // Accepted sockets inherit it.
        StreamOptions.setNoDelay(descriptor)
        return try makeServer([descriptor], backlog, startServing, makeProtocol)
    }

    private func createServer<P: ConnectionProtocol>(
        hosts: [String?], port: Int, family: AddressFamily, backlog: Int, reuseAddress: Bool, reusePort: Bool,
        keepAlive: Bool, startServing: Bool, _ makeProtocol: @escaping () -> P
    ) async throws -> Server {
        try core.checkTask("createServer")
        var addresses: [SocketAddress] = []
        for host in hosts {
            for address in try await core.listeningAddresses(host: host, port: port, family: family)
            where !addresses.contains(address) {
                addresses.append(address)
            }
        }
        try core.checkTask("createServer")
        let sockets = ServerSockets(reuseAddress: reuseAddress, reusePort: reusePort, keepAlive: keepAlive)
        return try makeServer(try sockets.bind(to: addresses), backlog, startServing, makeProtocol)
    }

    private func makeServer<P: ConnectionProtocol>(
        _ descriptors: [Int32], _ backlog: Int, _ startServing: Bool, _ makeProtocol: @escaping () -> P
    ) throws(EventLoopError) -> Server {
        let server = Server(core: core, descriptors: descriptors, backlog: backlog) { makeProtocol() }
        guard startServing else { return server }
        do { try server.startServing() } catch {
            server.close()
            throw error
        }
        return server
    }
}

/// Checks a socket that a user hands over.
enum StreamSocket {
    /// Takes the descriptor of an open stream socket and makes it non-blocking.
    static func adopt(_ socket: Socket, _ operation: String) throws(EventLoopError) -> Int32 {
        guard socket.fileDescriptor >= 0 else {
            throw .invalidArgument(operation, "The socket is closed or was handed over")
        }
        guard SocketCalls.isStream(socket.fileDescriptor) else {
            throw .invalidArgument(operation, "A stream socket was expected, got \(socket)")
        }
        do { try SocketCalls.setNonBlocking(socket.fileDescriptor) } catch {
            throw EventLoopError(system: error, operation)
        }
        return socket.detach()
    }
}

/// Runs `body` with a server, then closes it and waits until its last connection is lost, also if the body throws.
///
/// - Parameters:
///   - server: The server.
///   - body: What to do meanwhile.
/// - Returns: What the body returns.
/// - Throws: What the body throws. asyncio: `async with server`.
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
