extension SocketAddress {
    /// The family of the address.
    public var family: AddressFamily {
        switch form {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case .unix: .unix
        case .other(let family, _): family
        }
    }

    /// The numeric IP address, with "%" and the number of the interface if it has a scope; nil for other families.
    public var host: String? {
        switch form {
        case .ipv4(let endpoint): endpoint.host
        case .ipv6(let endpoint): endpoint.host
        case .unix, .other: nil
        }
    }

    /// The port, 0...65535; nil if this is not an IP address.
    public var port: Int? {
        switch form {
        case .ipv4(let endpoint): Int(endpoint.port)
        case .ipv6(let endpoint): Int(endpoint.port)
        case .unix, .other: nil
        }
    }

    /// The interface number of a link-local IPv6 address; otherwise 0.
    ///
    /// Source: `sin6_scope_id`.
    public var scopeID: UInt32 {
        guard case .ipv6(let endpoint) = form else { return 0 }
        return endpoint.scopeID
    }

    /// Whether this is a link-local IPv6 address that does not name its interface; the kernel refuses to use it.
    package var lacksScope: Bool {
        guard case .ipv6(let endpoint) = form else { return false }
        return endpoint.lacksScope
    }

    /// The traffic class and flow label of an IPv6 address; otherwise 0.
    ///
    /// Source: `sin6_flowinfo`.
    public var flowInfo: UInt32 {
        guard case .ipv6(let endpoint) = form else { return 0 }
        return UInt32(bigEndian: endpoint.flowInfo)
    }

    /// Text such as "127.0.0.1:80", "[::1]:80", "unix:/run/x", or "unix:@x" for an abstract name.
    public var description: String {
        switch form {
        case .ipv4(let endpoint): "\(endpoint.host):\(endpoint.port)"
        case .ipv6(let endpoint): "[\(endpoint.host)]:\(endpoint.port)"
        case .unix(let name): "unix:\(name.description)"
        case .other(let family, let bytes): "\(family), \(bytes.count) bytes"
        }
    }
}
