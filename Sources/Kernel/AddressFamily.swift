import Glibc

/// The family of a socket's address.
public struct AddressFamily: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number, for instance `AF_INET`.
    public let rawValue: Int32

    /// Makes a family from a number, known or unknown.
    ///
    /// - Parameter rawValue: The number, one of `AF_…`.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Any family, where an operation accepts several.
    ///
    /// `AF_UNSPEC`.
    public static var unspecified: AddressFamily { AddressFamily(rawValue: AF_UNSPEC) }

    /// Version 4 of the Internet Protocol.
    ///
    /// `AF_INET`.
    public static var ipv4: AddressFamily { AddressFamily(rawValue: AF_INET) }

    /// Version 6 of the Internet Protocol.
    ///
    /// `AF_INET6`.
    public static var ipv6: AddressFamily { AddressFamily(rawValue: AF_INET6) }

    /// Sockets on this machine, identified by a path or an abstract name.
    ///
    /// `AF_UNIX`.
    public static var unix: AddressFamily { AddressFamily(rawValue: AF_UNIX) }

    /// A name such as "IPv4", or "family 40" for a family that this type does not name.
    public var description: String {
        switch self {
        case .unspecified: "unspecified"
        case .ipv4: "IPv4"
        case .ipv6: "IPv6"
        case .unix: "Unix"
        default: "family \(rawValue)"
        }
    }
}
