public import Kernel

extension AbstractEventLoop {
    /// Makes a UDP endpoint, for async code.
    ///
    /// - Parameters:
    ///   - localAddress: Host and port to bind the socket to; nil to let the kernel choose.
    ///   - remoteAddress: Host and port to connect the socket to; nil for an endpoint that needs an address for each
    ///     datagram.
    ///   - family: Which addresses of the hosts to use.
    ///   - reusePort: Whether the port can be shared with other sockets that set the same option.
    ///   - allowBroadcast: Whether datagrams can be sent to broadcast addresses.
    ///   - queueLimit: How many received datagrams wait in the endpoint before the rest is left to the kernel.
    ///   - handler: Gets the errors of single datagrams if the endpoint is not connected; nil to log the first of each
    ///     kind. ``DatagramEndpoint/receive()`` throws those of a connected endpoint.
    /// - Returns: The endpoint.
    /// - Throws: Same as `createDatagramEndpoint`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ends the lookup; no socket stays open.
    /// - Thread: A task of the loop.
    public func openDatagramEndpoint(
        localAddress: (host: String, port: Int)? = nil, remoteAddress: (host: String, port: Int)? = nil,
        family: AddressFamily = .unspecified, reusePort: Bool = false, allowBroadcast: Bool = false,
        queueLimit: Int = 64, onError handler: ((EventLoopError) -> Void)? = nil
    ) async throws -> DatagramEndpoint {
        let core = core
        try Self.check(queueLimit)
        let (transport, inlet) = try await createDatagramEndpoint(
            localAddress: localAddress, remoteAddress: remoteAddress, family: family, reusePort: reusePort,
            allowBroadcast: allowBroadcast
        ) { DatagramInlet(core: core, queueLimit: queueLimit, handler: handler) }
        return DatagramEndpoint(core: core, inlet: inlet, transport: transport)
    }

    /// Makes a UDP or Unix datagram endpoint that is bound to an address, for async code.
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
    ///   - queueLimit: How many received datagrams wait in the endpoint before the rest is left to the kernel.
    ///   - handler: Gets the errors of single datagrams if the endpoint is not connected; nil to log the first of each
    ///     kind.
    /// - Returns: The endpoint.
    /// - Throws: Same as `createDatagramEndpoint`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    public func openDatagramEndpoint(
        localAddress: SocketAddress, remoteAddress: SocketAddress? = nil, reusePort: Bool = false,
        allowBroadcast: Bool = false, queueLimit: Int = 64, onError handler: ((EventLoopError) -> Void)? = nil
    ) async throws -> DatagramEndpoint {
        let core = core
        try Self.check(queueLimit)
        let (transport, inlet) = try await createDatagramEndpoint(
            localAddress: localAddress, remoteAddress: remoteAddress, reusePort: reusePort,
            allowBroadcast: allowBroadcast
        ) { DatagramInlet(core: core, queueLimit: queueLimit, handler: handler) }
        return DatagramEndpoint(core: core, inlet: inlet, transport: transport)
    }

    /// Makes a UDP or Unix datagram endpoint that is connected to an address, for async code.
    ///
    /// - Parameters:
    ///   - remoteAddress: The address to connect the socket to.
    ///   - allowBroadcast: Whether datagrams can be sent to broadcast addresses; if so, the socket is not connected.
    ///   - queueLimit: How many received datagrams wait in the endpoint before the rest is left to the kernel.
    ///   - handler: Gets the errors of single datagrams if the endpoint is not connected; nil to log the first of each
    ///     kind.
    /// - Returns: The endpoint.
    /// - Throws: Same as `createDatagramEndpoint`; ``EventLoopError`` with `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    public func openDatagramEndpoint(
        remoteAddress: SocketAddress, allowBroadcast: Bool = false, queueLimit: Int = 64,
        onError handler: ((EventLoopError) -> Void)? = nil
    ) async throws -> DatagramEndpoint {
        let core = core
        try Self.check(queueLimit)
        let (transport, inlet) = try await createDatagramEndpoint(
            remoteAddress: remoteAddress, allowBroadcast: allowBroadcast
        ) { DatagramInlet(core: core, queueLimit: queueLimit, handler: handler) }
        return DatagramEndpoint(core: core, inlet: inlet, transport: transport)
    }

    /// Makes an endpoint from a datagram socket, for async code.
    ///
    /// - Parameters:
    ///   - socket: A datagram socket; the endpoint takes over its descriptor.
    ///   - queueLimit: How many received datagrams wait in the endpoint before the rest is left to the kernel.
    ///   - handler: Gets the errors of single datagrams if the endpoint is not connected; nil to log the first of each
    ///     kind.
    /// - Returns: The endpoint.
    /// - Throws: Same as `createDatagramEndpoint(socket:)`; ``EventLoopError`` with `.invalidArgument` for a limit that
    ///   is not positive.
    /// - Cancellation: Ignored: the call does not wait.
    /// - Thread: A task of the loop.
    public func openDatagramEndpoint(
        socket: Socket, queueLimit: Int = 64, onError handler: ((EventLoopError) -> Void)? = nil
    ) async throws -> DatagramEndpoint {
        let core = core
        try Self.check(queueLimit)
        let (transport, inlet) = try await createDatagramEndpoint(socket: socket) {
            DatagramInlet(core: core, queueLimit: queueLimit, handler: handler)
        }
        return DatagramEndpoint(core: core, inlet: inlet, transport: transport)
    }

    private static func check(_ queueLimit: Int) throws(EventLoopError) {
        guard queueLimit > 0 else {
            throw .invalidArgument("openDatagramEndpoint", "queueLimit must be positive, not \(queueLimit)")
        }
    }
}
