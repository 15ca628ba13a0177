public import Kernel

extension AbstractEventLoop {
    /// Finds the addresses of a host.
    ///
    ///     let found = try await loop.getAddrInfo(host: "localhost", port: 80, type: Int32(SOCK_STREAM.rawValue))
    ///
    /// - Parameters:
    ///   - host: Name or address; nil for the unspecified or the loopback address.
    ///   - port: 0...65535.
    ///   - family: Which addresses to find.
    ///   - type: Which kind of socket, for instance `Int32(SOCK_STREAM.rawValue)`; 0 for any.
    ///   - proto: Which protocol; 0 for any.
    ///   - flags: `AI_…` flags.
    /// - Returns: The addresses, in the order in which to try them; at least one.
    /// - Throws: ``EventLoopError``: `.lookupFailed`, which holds the resolver's error in ``EventLoopError/attempts``,
    ///   of the system's resolver a `LookupError`; `.invalidArgument`; `.executorShutDown`; `.closed`; `.wrongThread`.
    ///   `CancellationError`, at once. asyncio: `getaddrinfo`.
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
    /// - Returns: Host and service; numbers where there is no name.
    /// - Throws: As ``getAddrInfo(host:port:family:type:proto:flags:)``. asyncio: `getnameinfo`.
    public func getNameInfo(_ address: SocketAddress, flags: Int32 = 0) async throws -> (host: String, service: String)
    {
        try core.checkTask("getNameInfo")
        return try await core.names(of: address, flags: flags, "getNameInfo")
    }

    /// Who answers for this loop where hosts are; at first the ``SystemResolver`` on the loop's default executor.
    ///
    /// Loop thread only.
    public var resolver: any Resolver {
        core.currentResolver
    }

    /// Sets who answers where hosts are.
    ///
    /// Addresses that are written as numbers are not asked for, except by
    /// ``getAddrInfo(host:port:family:type:proto:flags:)``.
    ///
    /// - Parameter resolver: The resolver, for all questions from now on; nil for the system's again.
    public func setResolver(_ resolver: (any Resolver)?) {
        guard core.admits("setResolver") else { return }
        core.resolver = resolver
    }
}
