import Glibc

/// Membership in multicast groups, and how datagrams are sent to them.
extension SocketOptions {
    /// Joins a multicast group, to receive the datagrams that are sent to it.
    ///
    /// Bind the socket to the port, and to all addresses or to the group: a socket that is bound to an address of this
    /// machine receives only datagrams sent to that address.
    ///
    /// - Parameters:
    ///   - group: A multicast address of the socket's family; its port is ignored.
    ///   - interface: The number of the interface on which to receive; 0 to let the kernel choose one by its routes.
    ///   - source: The only sender to receive from; nil for all. To receive from several, join with each.
    /// - Throws: `.invalidArgument` if it is not a multicast address; `.addressInUse` if the socket is a member
    ///   already; `ENODEV` if no interface fits; other errors from the kernel.
    ///
    /// Kernel: `MCAST_JOIN_GROUP`, `MCAST_JOIN_SOURCE_GROUP`.
    public func joinGroup(
        _ group: SocketAddress, interface: UInt32 = 0, source: SocketAddress? = nil
    ) throws(Errno) {
        let name = source == nil ? Self.joinGroup : Self.joinSourceGroup
        try setOption(name, level: level(group), to: Self.request(group, interface, source))
    }

    /// Ends what ``joinGroup(_:interface:source:)`` began with the same arguments.
    ///
    /// Closing the socket leaves all groups.
    ///
    /// - Parameters:
    ///   - group: The group.
    ///   - interface: The number of the interface.
    ///   - source: The sender.
    /// - Throws: `.addressNotAvailable` if the socket is not a member; other errors from the kernel.
    ///
    /// Kernel: `MCAST_LEAVE_GROUP`, `MCAST_LEAVE_SOURCE_GROUP`.
    public func leaveGroup(
        _ group: SocketAddress, interface: UInt32 = 0, source: SocketAddress? = nil
    ) throws(Errno) {
        let name = source == nil ? Self.leaveGroup : Self.leaveSourceGroup
        try setOption(name, level: level(group), to: Self.request(group, interface, source))
    }

    /// Chooses the interface on which datagrams are sent to groups.
    ///
    /// There is no property to read it, because the kernel does not report it for IPv4.
    ///
    /// Kernel: `IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`.
    ///
    /// - Parameter index: The number of the interface; 0 to let the kernel choose by its routes.
    /// - Throws: `ENODEV` or `.addressNotAvailable` if there is no such interface; other errors from the kernel.
    ///
    /// Kernel: `IP_MULTICAST_IF`, `IPV6_MULTICAST_IF`.
    public func setMulticastInterface(_ index: UInt32) throws(Errno) {
        if try isIPv6 {
            return try setOption(IPV6_MULTICAST_IF, level: DatagramNumbers.ipv6, to: Int32(bitPattern: index))
        }
        // ip_mreqn: a group and an address, both ignored, and the interface.
        let request: [UInt32] = [0, 0, index]
        try setOption(IP_MULTICAST_IF, level: DatagramNumbers.ip, to: request.withUnsafeBytes { Array($0) })
    }

    /// The number of routers that a datagram to a group may pass, 0...255; usually 1, which does not leave the network
    /// of the interface.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `IP_MULTICAST_TTL`, `IPV6_MULTICAST_HOPS`.
    public var multicastHops: Int {
        get throws(Errno) {
            try isIPv6
                ? number(IPV6_MULTICAST_HOPS, level: DatagramNumbers.ipv6)
                : number(IP_MULTICAST_TTL, level: DatagramNumbers.ip)
        }
    }

    /// Sets ``multicastHops``.
    ///
    /// - Parameter value: 0...255.
    /// - Throws: `.invalidArgument` for another number; other errors from the kernel.
    public func setMulticastHops(_ value: Int) throws(Errno) {
        guard (0...255).contains(value) else { throw .invalidArgument }
        if try isIPv6 {
            try setNumber(IPV6_MULTICAST_HOPS, level: DatagramNumbers.ipv6, value)
        } else {
            try setNumber(IP_MULTICAST_TTL, level: DatagramNumbers.ip, value)
        }
    }

    /// Whether datagrams to a group are also delivered to members on this machine, as is usual.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `IP_MULTICAST_LOOP`, `IPV6_MULTICAST_LOOP`.
    public var multicastLoop: Bool {
        get throws(Errno) {
            try isIPv6
                ? flag(IPV6_MULTICAST_LOOP, level: DatagramNumbers.ipv6)
                : flag(IP_MULTICAST_LOOP, level: DatagramNumbers.ip)
        }
    }

    /// Sets ``multicastLoop``.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    public func setMulticastLoop(_ value: Bool) throws(Errno) {
        if try isIPv6 {
            try setFlag(IPV6_MULTICAST_LOOP, level: DatagramNumbers.ipv6, value)
        } else {
            try setFlag(IP_MULTICAST_LOOP, level: DatagramNumbers.ip, value)
        }
    }

    private func level(_ group: SocketAddress) -> Int32 {
        group.family == .ipv6 ? DatagramNumbers.ipv6 : DatagramNumbers.ip
    }

    /// `group_req`, or `group_source_req` if there is a source.
    private static func request(_ group: SocketAddress, _ interface: UInt32, _ source: SocketAddress?) -> [UInt8] {
        // A number and, after four bytes of padding, one or two `sockaddr_storage`.
        let word = 8
        let storage = MemoryLayout<sockaddr_storage>.size
        var bytes = [UInt8](repeating: 0, count: word + storage * (source == nil ? 1 : 2))
        bytes.withUnsafeMutableBytes { bytes in
            bytes.storeBytes(of: interface, as: UInt32.self)
            for (index, address) in [group, source].enumerated() {
                address?.withSockAddr { pointer, length in
                    let start = bytes.baseAddress.map { $0 + word + index * storage }
                    start?.copyMemory(from: pointer, byteCount: min(Int(length), storage))
                }
            }
        }
        return bytes
    }

    // Part of the ABI, and the same for both families.
    private static var joinGroup: Int32 { 42 }
    private static var leaveGroup: Int32 { 45 }
    private static var joinSourceGroup: Int32 { 46 }
    private static var leaveSourceGroup: Int32 { 47 }
}
