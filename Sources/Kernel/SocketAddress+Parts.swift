extension SocketAddress {
    /// What kind of address it is.
    public var family: AddressFamily {
        switch form {
        case .ipv4: .ipv4
        case .ipv6: .ipv6
        case .unix: .unix
        case .other(let family, _): family
        }
    }

    /// The IP address in numbers, a link-local one with "%" and the number of its interface; nil if it is none.
    public var host: String? {
        switch form {
        case .ipv4(let endpoint): endpoint.host
        case .ipv6(let endpoint): endpoint.host
        case .unix, .other: nil
        }
    }

    /// The port, 0...65535; nil if it is no IP address.
    public var port: Int? {
        switch form {
        case .ipv4(let endpoint): Int(endpoint.port)
        case .ipv6(let endpoint): Int(endpoint.port)
        case .unix, .other: nil
        }
    }

    /// The path, or the name with its NUL in front, or "" for a socket without a name; nil if it is no Unix address.
    public var unixPath: String? {
        guard case .unix(let name) = form else { return nil }
        return name.path
    }

    /// The interface that a link-local IPv6 address belongs to, by number; otherwise 0.
    ///
    /// Source: `sin6_scope_id`.
    public var scopeID: UInt32 {
        guard case .ipv6(let endpoint) = form else { return 0 }
        return endpoint.scopeID
    }

    /// Traffic class and flow label of an IPv6 address; otherwise 0.
    ///
    /// Source: `sin6_flowinfo`.
    public var flowInfo: UInt32 {
        guard case .ipv6(let endpoint) = form else { return 0 }
        return UInt32(bigEndian: endpoint.flowInfo)
    }

    /// "127.0.0.1:80", "[::1]:80", "unix:/run/x", or "unix:@x" for a name outside the file system.
    public var description: String {
        switch form {
        case .ipv4(let endpoint): "\(endpoint.host):\(endpoint.port)"
        case .ipv6(let endpoint): "[\(endpoint.host)]:\(endpoint.port)"
        case .unix(let name): "unix:\(name.description)"
        case .other(let family, let bytes): "\(family), \(bytes.count) bytes"
        }
    }
}
