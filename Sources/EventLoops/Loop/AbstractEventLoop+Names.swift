internal import Glibc
public import Kernel

extension AbstractEventLoop {
    /// Finds the addresses of a host, on a thread of the default executor.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil for the unspecified or the loopback address.
    ///   - port: Port number.
    ///   - family: Which addresses to find.
    ///   - type: Which kind of socket, for instance `SOCK_STREAM`; 0 for any.
    ///   - proto: Which protocol; 0 for any.
    ///   - flags: `AI_…` flags.
    /// - Returns: The addresses, in the order in which to try them.
    /// - Throws: ``EventLoopError`` with `.lookupFailed`, which holds the `LookupError`; `CancellationError`: the
    ///   answer of the thread is then thrown away. asyncio: `getaddrinfo`.
    public func getAddrInfo(
        host: String?, port: Int, family: AddressFamily = .unspecified, type: Int32 = 0, proto: Int32 = 0,
        flags: Int32 = 0
    ) async throws -> [AddressInfo] {
        try core.checkTask("getAddrInfo")
        return try await core.lookUp("getAddrInfo", host ?? "*") {
            try AddressLookup.addresses(
                host: host, service: String(port), family: family, type: type, protocol: proto, flags: flags)
        }
    }

    /// Finds the names of an address, on a thread of the default executor.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…` flags.
    /// - Returns: Host and service; numbers where there is no name.
    /// - Throws: As ``getAddrInfo(host:port:family:type:proto:flags:)``. asyncio: `getnameinfo`.
    public func getNameInfo(_ address: SocketAddress, flags: Int32 = 0) async throws -> (host: String, service: String)
    {
        try core.checkTask("getNameInfo")
        return try await core.lookUp("getNameInfo", address.description) {
            try AddressLookup.names(of: address, flags: flags)
        }
    }
}

extension LoopCore {
    func lookUp<Answer: Sendable>(
        _ operation: String, _ subject: String, _ ask: @escaping @Sendable () throws -> Answer
    ) async throws -> Answer {
        do { return try await runInExecutor(nil, ask).value } catch let error as LookupError {
            let remedy = "Check the spelling, and that the name servers of this machine answer"
            throw EventLoopError(.lookupFailed, operation, address: subject, detail: remedy, attempts: [error])
        }
    }

    /// The addresses on which to listen for `host`: literals need no thread.
    func listeningAddresses(host: String?, port: Int, family: AddressFamily) async throws -> [SocketAddress] {
        guard (0...65535).contains(port) else {
            throw EventLoopError.invalidArgument("createServer", "port must be 0...65535, not \(port)")
        }
        guard let host, !host.isEmpty else {
            switch family {
            case .ipv4: return [.anyIPv4(port: port)]
            case .ipv6: return [.anyIPv6(port: port)]
            default: return [.anyIPv4(port: port), .anyIPv6(port: port)]
            }
        }
        return try await addresses(host: host, port: port, family: family, flags: AI_PASSIVE, "createServer")
    }

    /// The stream addresses of a host, in the resolver's order.
    func addresses(
        host: String, port: Int, family: AddressFamily, proto: Int32 = 0, flags: Int32 = 0, _ operation: String
    ) async throws -> [SocketAddress] {
        guard (0...65535).contains(port) else {
            throw EventLoopError.invalidArgument(operation, "port must be 0...65535, not \(port)")
        }
        if let literal = try? SocketAddress(ipAddress: host, port: port) {
            guard family == .unspecified || family == literal.family else {
                throw EventLoopError.invalidArgument(
                    operation, "\(host) is not an address of the family that was asked for")
            }
            return [literal]
        }
        return try await lookUp(operation, "\(host):\(port)") {
            try AddressLookup.addresses(
                host: host, service: String(port), family: family, type: Socket.stream, protocol: proto,
                flags: flags
            ).map(\.address)
        }
    }
}
