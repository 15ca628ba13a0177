public import Kernel

/// Answers where hosts are, and what addresses are called.
///
/// A loop asks its resolver for every host that is a name: in `getAddrInfo` and `getNameInfo`, connections and servers.
/// Methods are called by tasks of the loop; they may be those of an actor. A task that is cancelled waits until its
/// question has ended: a resolver should then throw `CancellationError` soon.
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
    ///   - host: The name, never empty and without a NUL byte; nil for loopback, or with `AI_PASSIVE` for every address
    ///     of this machine.
    ///   - port: 0...65535, which the answers should have.
    ///   - family: Which addresses to find; `.unspecified` for IPv4 and IPv6.
    ///   - type: Which kind of socket, for instance `SOCK_STREAM`; 0 for any.
    ///   - proto: Which protocol; 0 for any.
    ///   - flags: `AI_…` flags.
    /// - Returns: The addresses, in the order in which to try them; those of other families or kinds than were asked
    ///   for are not used, and none at all is an error.
    /// - Throws: What is wrong, for instance a `LookupError`: users find it in an ``EventLoopError`` with
    ///   `.lookupFailed`; `CancellationError`. asyncio: `getaddrinfo`.
    func addresses(
        host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
    ) async throws -> [AddressInfo]

    /// Finds the names of an address.
    ///
    /// - Parameters:
    ///   - address: An IP address and port.
    ///   - flags: `NI_…` flags.
    /// - Returns: Host and service; numbers where there is no name.
    /// - Throws: As for addresses. asyncio: `getnameinfo`.
    func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String)
}
