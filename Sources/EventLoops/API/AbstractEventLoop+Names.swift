public import Kernel

extension AbstractEventLoop {
    /// Finds the addresses of a host.
    ///
    ///     let found = try await loop.getAddrInfo(host: "localhost", port: 80, type: Int32(SOCK_STREAM.rawValue))
    ///
    /// - Parameters:
    ///   - host: Name or address; nil for the unspecified or the loopback address.
    ///   - port: 0...65535.
    ///   - family: The family of the addresses.
    ///   - type: The kind of socket, for instance `Int32(SOCK_STREAM.rawValue)`; 0 for any.
    ///   - proto: The protocol; 0 for any.
    ///   - flags: `AI_…` flags.
    /// - Returns: The addresses, in the order in which to try them; at least one.
    /// - Throws: ``EventLoopError``: `.lookupFailed`, with the resolver's error in ``EventLoopError/attempts`` (a
    ///   `LookupError` from the system's resolver); `.invalidArgument`; `.executorShutDown`; `.closed`; `.wrongThread`.
    ///   `CancellationError` if the task is cancelled.
    /// - Cancellation: Throws at once with the system's resolver, whose answer is then dropped; another resolver's call
    ///   is awaited.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `getaddrinfo`.
    public func getAddrInfo(
        host: String?, port: Int, family: AddressFamily = .unspecified, type: Int32 = 0, proto: Int32 = 0,
        flags: Int32 = 0
    ) async throws -> [AddressInfo] {
        try core.checkTask("getAddrInfo")
        return try await core.addressInfos(
            host: host, port: port, family: family, type: type, proto: proto, flags: flags, "getAddrInfo")
    }

    /// Finds the names of an address.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…` flags.
    /// - Returns: Host and service; numeric if they have no names.
    /// - Throws: Same as ``getAddrInfo(host:port:family:type:proto:flags:)``.
    /// - Cancellation: Same as ``getAddrInfo(host:port:family:type:proto:flags:)``.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `getnameinfo`.
    public func getNameInfo(_ address: SocketAddress, flags: Int32 = 0) async throws -> (host: String, service: String)
    {
        try core.checkTask("getNameInfo")
        return try await core.names(of: address, flags: flags, "getNameInfo")
    }

    /// The loop's resolver; by default a ``SystemResolver`` on the loop's default executor.
    ///
    /// - Thread: The loop's.
    public var resolver: any Resolver {
        core.currentResolver
    }

    /// Sets the loop's resolver.
    ///
    /// Numeric addresses are not passed to it, except by ``getAddrInfo(host:port:family:type:proto:flags:)``.
    ///
    /// - Parameter resolver: The resolver for all further lookups; nil for the system's.
    /// - Thread: The loop's.
    public func setResolver(_ resolver: (any Resolver)?) {
        guard core.admits("setResolver") else { return }
        core.resolver = resolver
    }
}
