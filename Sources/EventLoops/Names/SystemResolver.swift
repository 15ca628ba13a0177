public import Kernel

/// The system's resolver: files, name servers, and what else `nsswitch.conf(5)` names.
///
/// It blocks, so each question takes a thread of an executor until it is answered, and waits if all are taken. What is
/// cancelled ends at once; the thread's answer is then thrown away.
///
/// asyncio: what `getaddrinfo` and `getnameinfo` do. Source: `getaddrinfo(3)`, `getnameinfo(3)`.
public struct SystemResolver: Resolver {
    private let executor: @Sendable () throws(EventLoopError) -> any WorkExecutor

    /// Makes a resolver with an executor of its own, so that slow names do not hold up other work.
    ///
    /// - Parameter executor: On whose threads to ask.
    public init(executor: any WorkExecutor) {
        self.executor = { executor }
    }

    /// A resolver on the executor that a loop has at the time.
    init(executor: DefaultExecutor) {
        self.executor = { () throws(EventLoopError) in try executor.current("getaddrinfo") }
    }

    /// Asks `getaddrinfo(3)`.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil for loopback, or with `AI_PASSIVE` for every address of this machine.
    ///   - port: 0...65535.
    ///   - family: Which addresses to find.
    ///   - type: Which kind of socket; 0 for an answer per kind.
    ///   - proto: Which protocol; 0 for any.
    ///   - flags: `AI_…` flags.
    /// - Returns: The addresses, in the order of RFC 6724.
    /// - Throws: `LookupError`; `CancellationError`; ``EventLoopError`` of the executor.
    public func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo] {
        try await executor().run {
            try AddressLookup.addresses(
                host: host, service: String(port), family: family, type: type, protocol: proto, flags: flags)
        }
    }

    /// Asks `getnameinfo(3)`.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…` flags.
    /// - Returns: Host and service.
    /// - Throws: As for addresses.
    public func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String) {
        try await executor().run { try AddressLookup.names(of: address, flags: flags) }
    }
}
