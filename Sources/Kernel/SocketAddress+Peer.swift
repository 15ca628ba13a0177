extension SocketAddress {
    /// Whether a socket connected to this address reports the same address as its peer.
    ///
    /// If not, the kernel has to be asked: it replaces unspecified addresses with those of the loopback interface, adds
    /// the scope to link-local ones and drops flow labels, and a Unix socket reports the name that its listener is
    /// bound to.
    package var isReportedAsPeer: Bool {
        switch form {
        case .ipv4(let endpoint): endpoint.address != 0
        case .ipv6(let endpoint): endpoint.isGlobalOrLoopback && endpoint.scopeID == 0 && endpoint.flowInfo == 0
        case .unix, .other: false
        }
    }
}

extension IPv6Endpoint {
    /// Whether the address is neither unspecified, nor link-local, nor an IPv4 address in IPv6 form.
    fileprivate var isGlobalOrLoopback: Bool {
        let high = UInt64(bigEndian: address.high)
        return high == 0 ? UInt64(bigEndian: address.low) == 1 : high >> 54 != 0x3FA
    }
}
