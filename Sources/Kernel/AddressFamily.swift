import Glibc

/// What kind of address a socket has.
public struct AddressFamily: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number, for instance `AF_INET`.
    public let rawValue: Int32

    /// Makes a family of a number, be it known or not.
    ///
    /// - Parameter rawValue: The number, one of `AF_…`.
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// Any family, where one may be asked for.
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

    /// Sockets of this machine, found by path or abstract name.
    ///
    /// `AF_UNIX`.
    public static var unix: AddressFamily { AddressFamily(rawValue: AF_UNIX) }

    /// "IPv4", or "family 40" if it has no name here.
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
