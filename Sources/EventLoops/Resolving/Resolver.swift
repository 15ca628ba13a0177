public import Kernel

/// Finds the addresses of hosts and the names of addresses.
///
/// A loop calls its resolver in `getAddrInfo` and `getNameInfo`, and for every connection or server whose host is a
/// name. The methods are called by tasks of the loop; an actor may implement them. A cancelled task waits until the
/// call returns, so a resolver should throw `CancellationError` soon after the task is cancelled.
///
///     final class Pinned: Resolver {
///         let system: any Resolver
///         …
///         func addresses(host: String?, port: Int, …) async throws -> [AddressInfo] {
///             guard host == "db.internal" else { return try await system.addresses(host: host, port: port, …) }
///             return [AddressInfo(address: try SocketAddress(ipAddress: "10.0.0.7", port: port), socketType: type)]
///         }
///     }
///     loop.setResolver(Pinned(system: loop.resolver))
public protocol Resolver: Sendable {
    /// Finds the addresses of a host.
    ///
    /// - Parameters:
    ///   - host: The name or address, never empty and without a NUL byte; nil for loopback, or with `AI_PASSIVE` for
    ///     every address of this machine.
    ///   - port: 0...65535, to be used in the answers.
    ///   - family: The family of the addresses; `.unspecified` for IPv4 and IPv6.
    ///   - type: The kind of socket, for instance `SOCK_STREAM`; 0 for any.
    ///   - proto: The protocol; 0 for any.
    ///   - flags: `AI_…` flags.
    /// - Returns: The addresses, in the order in which to try them. Addresses of other families or kinds are ignored;
    ///   an empty answer is an error.
    /// - Throws: Any error, for instance a `LookupError`; users get it in an ``EventLoopError`` with `.lookupFailed`.
    ///   `CancellationError` if the task is cancelled.
    /// - Cancellation: The call should soon throw `CancellationError`.
    ///
    /// asyncio: `getaddrinfo`.
    func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo]

    /// Finds the names of an address.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…` flags.
    /// - Returns: Host and service; numeric if they have no names.
    /// - Throws: Same as for `addresses`.
    /// - Cancellation: Same as for `addresses`.
    ///
    /// asyncio: `getnameinfo`.
    func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String)
}
