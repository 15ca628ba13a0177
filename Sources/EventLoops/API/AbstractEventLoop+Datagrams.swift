internal import Glibc
public import Kernel

extension AbstractEventLoop {
    /// Makes a UDP endpoint for a protocol object.
    ///
    /// The loop retains the transport and the protocol object until the endpoint is closed: releasing them without
    /// `close()` does not end it.
    ///
    /// - Parameters:
    ///   - localAddress: Host and port to bind the socket to, port 0 for a free one; nil to let the kernel choose when
    ///     the endpoint first sends. `0.0.0.0` and `::` mean all interfaces.
    ///   - remoteAddress: Host and port to which datagrams without an address are sent. The socket is connected to it,
    ///     and receives from there only, unless `allowBroadcast` is true.
    ///   - family: Which addresses of the hosts to use. Without addresses, the family of an unbound socket.
    ///   - proto: Which protocol to use; 0 for UDP.
    ///   - flags: `AI_…` flags for the resolver.
    ///   - reusePort: Whether the port can be shared with other sockets that set the same option: each datagram goes to
    ///     one of them.
    ///   - allowBroadcast: Whether datagrams can be sent to broadcast addresses.
    ///   - makeProtocol: Makes the protocol object when the socket is ready.
    /// - Returns: The transport and the protocol object, whose `connectionMade` has been called.
    /// - Throws: ``EventLoopError``: `.system` with errno and address, of the first of several addresses;
    ///   `.lookupFailed`; `.invalidArgument`, also if the hosts have no addresses of the same family;
    ///   `.executorShutDown`; `.closed`; `.wrongThread`. `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the lookup; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_datagram_endpoint`.
    public func createDatagramEndpoint<P: DatagramProtocol>(
        localAddress: (host: String, port: Int)? = nil, remoteAddress: (host: String, port: Int)? = nil,
        family: AddressFamily = .unspecified, proto: Int32 = 0, flags: Int32 = 0, reusePort: Bool = false,
        allowBroadcast: Bool = false, _ makeProtocol: @escaping () -> P
    ) async throws -> (any DatagramTransport, P) {
        let operation = "createDatagramEndpoint"
        try core.checkTask(operation)
        guard localAddress != nil || remoteAddress != nil else {
            guard family != .unspecified else { throw EventLoopError.invalidArgument(operation, Self.noFamily) }
            let pair = DatagramSockets.Pair(family: family, proto: proto)
            return try begin([pair], reusePort: reusePort, allowBroadcast: allowBroadcast, makeProtocol)
        }
        var found: [[AddressInfo]?] = []
        for address in [localAddress, remoteAddress] {
            guard let address else {
                found.append(nil)
                continue
            }
            found.append(
                try await core.datagramAddresses(
                    host: address.host, port: address.port, family: family, proto: proto, flags: flags, operation))
        }
        try core.checkTask(operation)
        return try begin(
            DatagramSockets.pairs(local: found[0], remote: found[1]), reusePort: reusePort,
            allowBroadcast: allowBroadcast, makeProtocol)
    }

    private static var noFamily: String {
        "unexpected address family: pass localAddress, remoteAddress or family"
    }

    /// Makes a UDP or Unix datagram endpoint for a protocol object, bound to an address.
    ///
    /// A Unix path at which a closed socket has left its file can be bound again; if a socket is open there, the error
    /// is `.addressInUse`. The endpoint's own file stays when it is closed.
    ///
    /// - Parameters:
    ///   - localAddress: The address to bind the socket to.
    ///   - remoteAddress: The address to connect the socket to; nil for an endpoint that needs an address for each
    ///     datagram.
    ///   - reusePort: Whether the port can be shared with other sockets that set the same option.
    ///   - allowBroadcast: Whether datagrams can be sent to broadcast addresses; if so, the socket is not connected.
    ///   - makeProtocol: Makes the protocol object.
    /// - Returns: The transport and the protocol object, whose `connectionMade` has been called.
    /// - Throws: ``EventLoopError``: `.system` with errno and address; `.invalidArgument` if both addresses are nil or
    ///   of different families; `.closed`; `.wrongThread`.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_datagram_endpoint`; with Unix addresses, `family=AF_UNIX`.
    public func createDatagramEndpoint<P: DatagramProtocol>(
        localAddress: SocketAddress, remoteAddress: SocketAddress? = nil, reusePort: Bool = false,
        allowBroadcast: Bool = false, _ makeProtocol: @escaping () -> P
    ) async throws -> (any DatagramTransport, P) {
        let operation = "createDatagramEndpoint"
        try core.checkTask(operation)
        let family = localAddress.family
        guard remoteAddress.map({ $0.family == family }) ?? true else {
            throw EventLoopError.invalidArgument(
                operation, "can not get address information: the addresses are of different families")
        }
        let pair = DatagramSockets.Pair(family: family, proto: 0, local: localAddress, remote: remoteAddress)
        return try begin([pair], reusePort: reusePort, allowBroadcast: allowBroadcast, makeProtocol)
    }

    /// Makes a UDP or Unix datagram endpoint for a protocol object, connected to an address.
    ///
    /// - Parameters:
    ///   - remoteAddress: The address to connect the socket to.
    ///   - allowBroadcast: Whether datagrams can be sent to broadcast addresses; if so, the socket is not connected.
    ///   - makeProtocol: Makes the protocol object.
    /// - Returns: The transport and the protocol object, whose `connectionMade` has been called.
    /// - Throws: ``EventLoopError``: `.system` with errno and address; `.closed`; `.wrongThread`.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_datagram_endpoint(remote_addr=…)`.
    public func createDatagramEndpoint<P: DatagramProtocol>(
        remoteAddress: SocketAddress, allowBroadcast: Bool = false, _ makeProtocol: @escaping () -> P
    ) async throws -> (any DatagramTransport, P) {
        try core.checkTask("createDatagramEndpoint")
        let pair = DatagramSockets.Pair(family: remoteAddress.family, proto: 0, remote: remoteAddress)
        return try begin([pair], reusePort: false, allowBroadcast: allowBroadcast, makeProtocol)
    }

    /// Gives a datagram socket to a protocol object, which the loop retains until the endpoint is closed.
    ///
    /// - Parameters:
    ///   - socket: A datagram socket, which may be bound, connected or both; the transport owns its descriptor from now
    ///     on.
    ///   - makeProtocol: Makes the protocol object.
    /// - Returns: The transport and the protocol object, whose `connectionMade` has been called.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if it is not an open datagram socket; `.system`; `.closed`;
    ///   `.wrongThread`.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_datagram_endpoint(sock=…)`.
    public func createDatagramEndpoint<P: DatagramProtocol>(
        socket: Socket, _ makeProtocol: @escaping () -> P
    ) async throws -> (any DatagramTransport, P) {
        try core.checkTask("createDatagramEndpoint")
        return try begin(try DatagramSockets.adopt(socket, core.sockets, "createDatagramEndpoint"), makeProtocol)
    }

    private func begin<P: DatagramProtocol>(
        _ pairs: [DatagramSockets.Pair], reusePort: Bool, allowBroadcast: Bool, _ makeProtocol: () -> P
    ) throws -> (any DatagramTransport, P) {
        let sockets = DatagramSockets(system: core.sockets, reusePort: reusePort, allowBroadcast: allowBroadcast)
        return try begin(try sockets.make(pairs), makeProtocol)
    }

    private func begin<P: DatagramProtocol>(
        _ made: DatagramSockets.Made, _ makeProtocol: () -> P
    ) throws -> (any DatagramTransport, P) {
        do {
            let receiver = makeProtocol()
            // The factory may have closed the loop or forked.
            try core.check("createDatagramEndpoint")
            let transport = try DatagramSocketTransport(
                core: core, descriptor: made.descriptor, family: made.family, protocol: receiver, peer: made.peer,
                isConnected: made.isConnected)
            core.note(.debug, "\(transport) is ready, for \(receiver)")
            transport.begin()
            return (transport, receiver)
        } catch {
            core.close(made.descriptor)
            throw error
        }
    }
}

extension LoopCore {
    /// The datagram addresses of a host, in the resolver's order; numeric ones need no lookup.
    fileprivate func datagramAddresses(
        host: String, port: Int, family: AddressFamily, proto: Int32, flags: Int32, _ operation: String
    ) async throws -> [AddressInfo] {
        guard family != .unix else {
            throw EventLoopError.invalidArgument(
                operation, "A Unix address is no host and port: pass localAddress: SocketAddress(unixPath:)")
        }
        if let literal = try? SocketAddress(ipAddress: host, port: port) {
            guard family == .unspecified || family == literal.family else {
                throw EventLoopError.invalidArgument(operation, "\(host) is not an address of the requested family")
            }
            // The resolver, too, returns the number of UDP if none was requested.
            let proto = proto == 0 ? Int32(IPPROTO_UDP) : proto
            return [AddressInfo(address: literal, socketType: Socket.datagram, protocolNumber: proto)]
        }
        return try await addressInfos(
            host: host, port: port, family: family, type: Socket.datagram, proto: proto, flags: flags, operation)
    }
}
