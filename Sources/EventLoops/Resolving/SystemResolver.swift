public import Kernel

/// The system's resolver: files, name servers, and the other sources of `nsswitch.conf(5)`.
///
/// The C library's calls block, so each lookup occupies a thread of an executor, or waits while all threads are busy.
///
/// Source: `getaddrinfo(3)`, `getnameinfo(3)`.
///
/// asyncio: the default behavior of `getaddrinfo` and `getnameinfo`.
public struct SystemResolver: Resolver {
    private let executor: @Sendable () throws(EventLoopError) -> any WorkExecutor

    /// Creates a resolver with its own executor, so that slow lookups do not delay other work.
    ///
    /// - Parameter executor: The executor whose threads run the lookups.
    public init(executor: any WorkExecutor) {
        self.executor = { executor }
    }

    /// Creates a resolver that runs each lookup on whatever default executor the loop has at that time.
    init(executor: DefaultExecutor) {
        self.executor = { () throws(EventLoopError) in try executor.current("getaddrinfo") }
    }

    /// Calls `getaddrinfo(3)`.
    ///
    /// - Parameters:
    ///   - host: Name or address; nil for loopback, or with `AI_PASSIVE` for every address of this machine.
    ///   - port: 0...65535.
    ///   - family: The family of the addresses.
    ///   - type: The kind of socket; 0 for one answer per kind.
    ///   - proto: The protocol; 0 for any.
    ///   - flags: `AI_…` flags.
    /// - Returns: The addresses, in the order of RFC 6724.
    /// - Throws: `LookupError`; ``EventLoopError`` from the executor; `CancellationError` if the task is cancelled.
    /// - Cancellation: Throws at once; the thread finishes its lookup, and the answer is dropped.
    public func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo] {
        try await executor().run {
            try AddressLookup.addresses(
                host: host, service: String(port), family: family, type: type, protocol: proto, flags: flags)
        }
    }

    /// Calls `getnameinfo(3)`.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…` flags.
    /// - Returns: Host and service.
    /// - Throws: Same as for `addresses`.
    /// - Cancellation: Same as for `addresses`.
    public func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String) {
        try await executor().run { try AddressLookup.names(of: address, flags: flags) }
    }
}
