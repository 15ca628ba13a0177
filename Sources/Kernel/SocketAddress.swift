/// Where a socket is or whom it talks to: an IP address with a port, or the name of a Unix socket.
///
///     let local = try SocketAddress(ipAddress: "::1", port: 8080)   // description: [::1]:8080
///
/// Names of hosts are not looked up here; that blocks, and is done by the loop on another thread.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    enum Form: Hashable, Sendable {
        case ipv4(IPv4Endpoint)
        case ipv6(IPv6Endpoint)
        case unix(UnixName)
        /// A family that this type does not read, such as `AF_VSOCK`: the bytes, so that it can at least be handed on.
        case other(AddressFamily, [UInt8])
    }

    let form: Form

    init(_ form: Form) {
        self.form = form
    }

    /// Reads a numeric address of IPv4 or IPv6, such as "127.0.0.1", "::1" or "fe80::1%eth0".
    ///
    /// - Parameters:
    ///   - ipAddress: The address; no name, no brackets.
    ///   - port: 0...65535; with 0, binding chooses one.
    /// - Throws: `.outOfRange` for another port, `.invalidArgument` for a text that is no address. Source:
    ///   `inet_pton(3)`.
    public init(ipAddress: String, port: Int) throws(Errno) {
        let port = try Self.checked(port)
        // C would read up to the NUL only.
        guard !ipAddress.utf8.contains(0) else { throw .invalidArgument }
        if let endpoint = IPv4Endpoint(text: ipAddress, port: port) {
            self.init(.ipv4(endpoint))
        } else if let endpoint = IPv6Endpoint(text: ipAddress, port: port) {
            self.init(.ipv6(endpoint))
        } else {
            throw .invalidArgument
        }
    }

    /// The address of a Unix socket.
    ///
    /// - Parameter unixPath: At most 107 bytes. With a NUL in front, a name outside the file system, at most 108 bytes
    ///   with the NUL. Empty: unnamed, and binding to it chooses a name outside the file system.
    /// - Throws: `.nameTooLong`; `.invalidArgument` for a path with a NUL inside. Source: `unix(7)`.
    public init(unixPath: String) throws(Errno) {
        self.init(.unix(try UnixName(unixPath)))
    }

    /// Every IPv4 address of this machine.
    ///
    /// Source: `INADDR_ANY`.
    ///
    /// - Parameter port: 0...65535; with 0, binding chooses one.
    /// - Throws: `.outOfRange` for another port.
    public static func anyIPv4(port: Int) throws(Errno) -> SocketAddress {
        SocketAddress(.ipv4(IPv4Endpoint(address: 0, port: try checked(port))))
    }

    /// Every IPv6 address of this machine.
    ///
    /// Source: `in6addr_any`.
    ///
    /// The IPv4 addresses belong to them, unless the socket says `IPV6_V6ONLY`.
    ///
    /// - Parameter port: 0...65535; with 0, binding chooses one.
    /// - Throws: `.outOfRange` for another port.
    public static func anyIPv6(port: Int) throws(Errno) -> SocketAddress {
        SocketAddress(.ipv6(IPv6Endpoint(address: (0, 0), port: try checked(port))))
    }

    private static func checked(_ port: Int) throws(Errno) -> UInt16 {
        guard let port = UInt16(exactly: port) else { throw .outOfRange }
        return port
    }
}
