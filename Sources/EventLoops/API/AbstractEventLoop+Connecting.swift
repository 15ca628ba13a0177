internal import Glibc
public import Kernel

extension AbstractEventLoop {
    /// Connects to a TCP server and gives the connection to a protocol object.
    ///
    /// The loop retains the transport and the protocol object until the connection is lost: releasing them without
    /// `close()` does not end the connection.
    ///
    /// - Parameters:
    ///   - host: Name or address.
    ///   - port: 0...65535, although no server can listen on 0.
    ///   - family: Which addresses of the host to try.
    ///   - proto: Which protocol to ask the resolver for; 0 for any.
    ///   - flags: `AI_…` flags for the resolver.
    ///   - localAddress: Host and port to bind this end to; nil to let the kernel choose.
    ///   - localAddresses: Further addresses to bind this end to. The first one that has the family of the remote
    ///     address and can be bound is used.
    ///   - happyEyeballsDelay: How long to wait before the next address is tried in parallel; nil to try one after the
    ///     other. RFC 8305 recommends 250 ms, at least 100 ms and at most 2 s; the value is not checked against these.
    ///   - interleave: How many addresses of the first family to try before the families alternate; nil means 1
    ///     with a delay, and the resolver's order without one.
    ///   - allErrors: Whether the error always lists the failure of every address, even if there is only one or all are
    ///     the same.
    ///   - makeProtocol: Makes the protocol object when the connection is established: a ``StreamProtocol`` or a
    ///     ``BufferedProtocol``.
    /// - Returns: The transport and the protocol object, whose `connectionMade` has been called.
    /// - Throws: ``EventLoopError``: `.system` with errno and address if one address failed or all failed in the same
    ///   way, otherwise `.connectFailed` with all errors in ``EventLoopError/attempts``; `.lookupFailed`;
    ///   `.invalidArgument`; `.executorShutDown`; `.closed`; `.wrongThread`. `CancellationError` if the task is
    ///   cancelled.
    /// - Cancellation: Ends the lookup and all attempts to connect; no socket stays open.
    /// - Thread: A task of the loop.
    ///
    /// The rules of RFC 8305 (happy eyeballs) apply, with two differences, as in asyncio: the addresses of all families
    /// are looked up in one call, which sorts them by RFC 6724, before the first attempt starts; and a failed attempt
    /// starts the next one at once only if no later attempt is in flight.
    ///
    /// asyncio: `create_connection`.
    public func createConnection<P: ConnectionProtocol>(
        host: String, port: Int, family: AddressFamily = .unspecified, proto: Int32 = 0, flags: Int32 = 0,
        localAddress: (host: String, port: Int)? = nil, localAddresses: [SocketAddress] = [],
        happyEyeballsDelay: Duration? = nil, interleave: Int? = nil, allErrors: Bool = false,
        _ makeProtocol: @escaping () -> P
    ) async throws -> (any StreamTransport, P) {
        let operation = "createConnection"
        try core.checkTask(operation)
        var addresses = try await core.addresses(
            host: host, port: port, family: family, proto: proto, flags: flags, operation)
        let ahead = interleave ?? (happyEyeballsDelay == nil ? 0 : 1)
        if ahead > 0 { addresses = Interleaving.alternate(addresses, ahead: ahead) }
        var connector = Connector(core: core)
        var local: [SocketAddress] = []
        if let localAddress {
            local = try await core.addresses(
                host: localAddress.host, port: localAddress.port, family: family, proto: proto, flags: flags, operation)
        }
        local += localAddresses
        if !local.isEmpty { connector.localAddresses = local }
        try core.checkTask(operation)
        let outcome =
            if let happyEyeballsDelay, addresses.count > 1 {
                try await connector.connectStaggered(addresses, delay: happyEyeballsDelay)
            } else {
                try await connector.connectInOrder(addresses)
            }
        switch outcome {
        case .connected(let descriptor, let address):
            do { try core.checkTask(operation) } catch {
                core.close(descriptor)
                throw error
            }
            return try begin(descriptor, peer: address.isReportedAsPeer ? address : nil, makeProtocol)
        case .failed(let errors): throw ConnectFailure.summary(errors, host: host, port: port, all: allErrors)
        }
    }

    /// Gives a connected socket to a protocol object, which the loop retains until the connection is lost.
    ///
    /// - Parameters:
    ///   - socket: A connected stream socket; the transport owns its descriptor from now on.
    ///   - makeProtocol: Makes the protocol object.
    /// - Returns: The transport and the protocol object.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if it is not an open stream socket; `.system`; `.closed`;
    ///   `.wrongThread`.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `create_connection(sock=…)`.
    public func createConnection<P: ConnectionProtocol>(
        socket: Socket, _ makeProtocol: @escaping () -> P
    ) async throws -> (any StreamTransport, P) {
        try core.checkTask("createConnection")
        return try adopt(socket, "createConnection", makeProtocol)
    }

    /// Gives a connection that was accepted elsewhere to a protocol object, which the loop retains until the connection
    /// is lost.
    ///
    /// - Parameters:
    ///   - socket: The accepted socket; the transport owns its descriptor from now on.
    ///   - makeProtocol: Makes the protocol object.
    /// - Returns: The transport and the protocol object.
    /// - Throws: Same as ``createConnection(socket:_:)``.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `connect_accepted_socket`.
    public func connectAcceptedSocket<P: ConnectionProtocol>(
        _ socket: Socket, _ makeProtocol: @escaping () -> P
    ) async throws -> (any StreamTransport, P) {
        try core.checkTask("connectAcceptedSocket")
        return try adopt(socket, "connectAcceptedSocket", makeProtocol)
    }

    private func adopt<P: ConnectionProtocol>(
        _ socket: Socket, _ operation: String, _ makeProtocol: () -> P
    ) throws -> (any StreamTransport, P) {
        let descriptor = try StreamSocket.adopt(socket, core.sockets, operation)
        core.sockets.setNoDelay(descriptor)
        return try begin(descriptor, peer: nil, makeProtocol)
    }

    private func begin<P: ConnectionProtocol>(
        _ descriptor: Int32, peer: SocketAddress?, _ makeProtocol: () -> P
    ) throws -> (any StreamTransport, P) {
        do {
            try core.check("createConnection")
            let connectionProtocol = makeProtocol()
            let transport = try SocketTransport(
                core: core, descriptor: descriptor, protocol: connectionProtocol, peer: peer)
            core.note(.debug, "\(transport) is connected, for \(connectionProtocol)")
            try transport.begin()
            return (transport, connectionProtocol)
        } catch {
            core.close(descriptor)
            throw error
        }
    }
}

/// Alternates addresses of different families.
///
/// asyncio: `_interleave_addrinfos`.
package enum Interleaving {
    /// - Parameter ahead: How many addresses of the first family precede the first one of another family.
    package static func alternate(_ addresses: [SocketAddress], ahead: Int) -> [SocketAddress] {
        var families: [(AddressFamily, [SocketAddress])] = []
        for address in addresses {
            if let index = families.firstIndex(where: { $0.0 == address.family }) {
                families[index].1.append(address)
            } else {
                families.append((address.family, [address]))
            }
        }
        guard families.count > 1 else { return addresses }
        var ordered = Array(families[0].1.prefix(ahead - 1))
        families[0].1.removeFirst(ordered.count)
        let longest = families.map(\.1.count).max() ?? 0
        for turn in 0..<longest {
            for (_, members) in families where turn < members.count { ordered.append(members[turn]) }
        }
        return ordered
    }
}

/// Combines the errors of all addresses into one.
package enum ConnectFailure {
    package static func summary(_ errors: [any Error], host: String, port: Int, all: Bool) -> any Error {
        guard let first = errors.first else {
            return EventLoopError(
                .lookupFailed, "createConnection", address: "\(host):\(port)", detail: "The name has no address")
        }
        let texts = Set(errors.map { "\($0)" })
        if !all, texts.count == 1 { return first }
        return EventLoopError(
            .connectFailed, "createConnection", address: "\(host):\(port)",
            detail: "Multiple exceptions: \(errors.map { "\($0)" }.joined(separator: ", "))", attempts: errors)
    }
}
