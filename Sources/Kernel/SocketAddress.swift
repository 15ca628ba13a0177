/// The address of a socket: an IP address with a port, or the name of a Unix socket.
///
///     let local = try SocketAddress(ipAddress: "::1", port: 8080)   // description: [::1]:8080
///
/// Host names are not resolved here, because that would block; loops resolve them on another thread.
public struct SocketAddress: Hashable, Sendable, CustomStringConvertible {
    enum Form: Hashable, Sendable {
        case ipv4(IPv4Endpoint)
        case ipv6(IPv6Endpoint)
        case unix(UnixName)
        /// A family that this type does not parse, such as `AF_VSOCK`; the bytes can still be passed on.
        case other(AddressFamily, [UInt8])
    }

    let form: Form

    init(_ form: Form) {
        self.form = form
    }

    /// Parses a numeric IPv4 or IPv6 address, such as "127.0.0.1", "::1" or "fe80::1%eth0".
    ///
    /// - Parameters:
    ///   - ipAddress: The address, without brackets; host names are not accepted.
    ///   - port: 0...65535; with 0, the kernel chooses a port when the socket is bound.
    /// - Throws: `.outOfRange` for a port outside this range, `.invalidArgument` for text that is not an address.
    ///
    /// Source: `inet_pton(3)`.
    public init(ipAddress: String, port: Int) throws(Errno) {
        let port = try Self.checked(port)
        // C would parse only the part before the NUL.
        guard !ipAddress.utf8.contains(0) else { throw .invalidArgument }
        if let endpoint = IPv4Endpoint(text: ipAddress, port: port) {
            self.init(.ipv4(endpoint))
        } else if let endpoint = IPv6Endpoint(text: ipAddress, port: port) {
            self.init(.ipv6(endpoint))
        } else {
            throw .invalidArgument
        }
    }

    /// The address that refers to all IPv4 addresses of this machine.
    ///
    /// Source: `INADDR_ANY`.
    ///
    /// - Parameter port: 0...65535; with 0, the kernel chooses a port when the socket is bound.
    /// - Throws: `.outOfRange` for a port outside this range.
    public static func anyIPv4(port: Int) throws(Errno) -> SocketAddress {
        SocketAddress(.ipv4(IPv4Endpoint(address: 0, port: try checked(port))))
    }

    /// The address that refers to all IPv6 addresses of this machine.
    ///
    /// Source: `in6addr_any`.
    ///
    /// These include the IPv4 addresses unless `IPV6_V6ONLY` is set on the socket.
    ///
    /// - Parameter port: 0...65535; with 0, the kernel chooses a port when the socket is bound.
    /// - Throws: `.outOfRange` for a port outside this range.
    public static func anyIPv6(port: Int) throws(Errno) -> SocketAddress {
        SocketAddress(.ipv6(IPv6Endpoint(address: (0, 0), port: try checked(port))))
    }

    private static func checked(_ port: Int) throws(Errno) -> UInt16 {
        guard let port = UInt16(exactly: port) else { throw .outOfRange }
        return port
    }
}
