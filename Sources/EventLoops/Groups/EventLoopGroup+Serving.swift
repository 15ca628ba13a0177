public import Kernel

extension EventLoopGroup {
    /// Listens for TCP connections, which all loops of the group serve.
    ///
    ///     let server = try await group.createServer(port: 8888) { Echo() }
    ///     try await server.serveForever()
    ///
    /// - Parameters:
    ///   - host: Name or address; nil or empty for all interfaces, IPv4 and IPv6.
    ///   - port: 0...65535; 0 for a free port per family, which all loops share: see ``GroupServer/addresses``.
    ///   - family: Which addresses of the host to use.
    ///   - backlog: How many connections the kernel queues at each listening socket until they are accepted.
    ///   - distribution: How connections are distributed to the loops. If one loop accepts for all, it is the first
    ///     one.
    ///   - reuseAddress: Whether the port can be bound while old connections on it are in TIME_WAIT.
    ///   - sharesWithOtherProcesses: Whether to share the port with servers of other processes that set `SO_REUSEPORT`,
    ///     for instance of the process that this one replaces. Otherwise the call fails if there are any: they would
    ///     receive a part of the connections.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - addressInUseTimeout: How long to keep trying while an address is in use.
    ///   - makeProtocol: Makes the protocol object of a connection, on the thread of the loop that serves it; that loop
    ///     is ``getRunningLoop()``.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.system` with errno and address; `.lookupFailed`; `.invalidArgument`; `.closed`
    ///   if a loop of the group is closed. `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the lookup and the wait for an address in use; no socket stays open.
    /// - Thread: Any task.
    public func createServer(
        host: String? = nil, port: Int, family: AddressFamily = .unspecified, backlog: Int = 100,
        distribution: ConnectionDistribution = .kernel, reuseAddress: Bool = true,
        sharesWithOtherProcesses: Bool = false, keepAlive: Bool = false,
        addressInUseTimeout: Duration = .milliseconds(100),
        _ makeProtocol: @escaping @Sendable () -> any ConnectionProtocol
    ) async throws -> GroupServer {
        let sockets = GroupSockets(
            loops[0].core.sockets, reuseAddress: reuseAddress, isShared: sharesWithOtherProcesses,
            keepAlive: keepAlive, count: socketCount(distribution))
        let bound = try await bind(sockets, host, port, family, addressInUseTimeout)
        return try await serve(bound, backlog, distribution) { _ in makeProtocol() }
    }

    /// Listens on a socket that is already bound, for instance one that another process has handed over.
    ///
    /// - Parameters:
    ///   - socket: A bound stream socket of any family; the server takes ownership of its descriptor.
    ///   - backlog: How many connections the kernel queues until they are accepted.
    ///   - distribution: How connections are distributed to the loops; not ``ConnectionDistribution/kernel``, which
    ///     needs a socket for each loop.
    ///   - makeProtocol: Makes the protocol object of a connection, on the thread of the loop that serves it.
    /// - Returns: The server.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if it is not an open stream socket, or for the distribution;
    ///   `.system`; `.closed`.
    /// - Cancellation: Ignored.
    /// - Thread: Any task.
    public func createServer(
        socket: Socket, backlog: Int = 100, distribution: ConnectionDistribution = .leastConnections,
        _ makeProtocol: @escaping @Sendable () -> any ConnectionProtocol
    ) async throws -> GroupServer {
        guard distribution != .kernel || loops.count == 1 else {
            throw EventLoopError.invalidArgument(
                "createServer", "The kernel needs a socket for each loop: pass .roundRobin or .leastConnections")
        }
        let sockets = loops[0].core.sockets
        let descriptor = CarriedDescriptor(try StreamSocket.adopt(socket, sockets, "createServer"), sockets)
        // Accepted sockets inherit the option.
        sockets.setNoDelay(descriptor.number)
        return try await serve([[descriptor]], backlog, distribution) { _ in makeProtocol() }
    }

    /// Listens for TCP connections and runs a task for each, on the loop that serves it.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil or empty for all interfaces.
    ///   - port: 0...65535; 0 for a free port per family.
    ///   - limit: The longest line or record to read, in bytes; at least 1.
    ///   - family: Which addresses of the host to use.
    ///   - backlog: How many connections the kernel queues at each listening socket until they are accepted.
    ///   - distribution: How connections are distributed to the loops.
    ///   - reuseAddress: Whether the port can be bound while old connections on it are in TIME_WAIT.
    ///   - sharesWithOtherProcesses: Whether to share the port with other servers, as for `createServer`.
    ///   - keepAlive: Whether the kernel probes idle connections.
    ///   - addressInUseTimeout: How long to keep trying while an address is in use.
    ///   - handler: Serves one connection. After it returns, the pending bytes are sent and the connection is closed.
    ///     An error that it throws goes to the exception handler, unless it is a cancellation or the connection's own
    ///     error.
    /// - Returns: The server.
    /// - Throws: The same as for `createServer`; `.invalidArgument` for a limit that is not positive.
    /// - Cancellation: Ends the lookup and the wait for an address in use; no socket stays open.
    /// - Thread: Any task.
    public func startServer(
        host: String? = nil, port: Int, limit: Int = 64 * 1024, family: AddressFamily = .unspecified,
        backlog: Int = 100, distribution: ConnectionDistribution = .kernel, reuseAddress: Bool = true,
        sharesWithOtherProcesses: Bool = false, keepAlive: Bool = false,
        addressInUseTimeout: Duration = .milliseconds(100),
        _ handler: @escaping @Sendable (StreamReader, StreamWriter) async throws -> Void
    ) async throws -> GroupServer {
        try StreamLimit.check(limit, "startServer")
        let sockets = GroupSockets(
            loops[0].core.sockets, reuseAddress: reuseAddress, isShared: sharesWithOtherProcesses,
            keepAlive: keepAlive, count: socketCount(distribution))
        let bound = try await bind(sockets, host, port, family, addressInUseTimeout)
        return try await serve(bound, backlog, distribution) { core in
            StreamConnection(core: core, limit: limit) { core.serve($0, $1, handler) }
        }
    }

    /// The number of sockets per address.
    private func socketCount(_ distribution: ConnectionDistribution) -> Int {
        distribution == .kernel ? loops.count : 1
    }

    private func bind(
        _ sockets: GroupSockets, _ host: String?, _ port: Int, _ family: AddressFamily, _ timeout: Duration
    ) async throws -> [[CarriedDescriptor]] {
        let first = loops[0]
        return try await first.runCoroutineThreadsafe {
            let addresses = try await first.core.listeningAddresses(host: host, port: port, family: family)
            do {
                return try await first.retry(whileInUse: timeout) { () throws(EventLoopError) in
                    try sockets.bind(to: addresses)
                }
            } catch let error as EventLoopError { throw error.forGroup }
        }
    }

    /// Makes a server on each loop, and begins to accept.
    ///
    /// - Parameter bound: The sockets of each loop, or of the first one if it accepts for all.
    private func serve(
        _ bound: [[CarriedDescriptor]], _ backlog: Int, _ distribution: ConnectionDistribution,
        _ makeProtocol: @escaping @Sendable (LoopCore) -> any BaseProtocol
    ) async throws -> GroupServer {
        let addresses = bound[0].compactMap { try? loops[0].core.sockets.localAddress($0.number) }
        var shares: [ServerShare] = []
        do {
            for (index, loop) in loops.enumerated() {
                let sockets = index < bound.count ? bound[index] : []
                shares.append(try await share(of: loop, sockets, backlog, makeProtocol))
            }
            let hasAcceptor = distribution != .kernel && loops.count > 1
            let server = GroupServer(shares, hasAcceptor: hasAcceptor, addresses: addresses)
            // The acceptor begins last, when the other loops can serve connections.
            for share in shares.reversed() {
                let accepts = hasAcceptor && share === shares[0]
                try await share.loop.core.call("createServer") { [shares] in
                    if accepts {
                        share.server.router = Distributor(shares, isByLoad: distribution == .leastConnections)
                    }
                    try share.server.startServing()
                }
            }
            return server
        } catch {
            for share in shares { _ = try? share.loop.callSoonThreadsafe { share.server.close() } }
            throw error
        }
    }

    /// Makes the server of one loop.
    private func share(
        of loop: any AbstractEventLoop, _ sockets: [CarriedDescriptor], _ backlog: Int,
        _ makeProtocol: @escaping @Sendable (LoopCore) -> any BaseProtocol
    ) async throws -> ServerShare {
        try await loop.core.call("createServer") { [core = loop.core] in
            let server = Server(core: core, descriptors: sockets.map { $0.take() }, backlog: backlog) {
                makeProtocol(core)
            }
            return ServerShare(server, on: loop)
        }
    }
}
