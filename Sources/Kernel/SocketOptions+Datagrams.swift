import Glibc

/// Options of datagram sockets.
///
/// Options that report more about received datagrams cost a few nanoseconds per datagram while they are on.
extension SocketOptions {
    /// Whether datagrams can be sent to broadcast addresses.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `SO_BROADCAST`.
    public var broadcast: Bool { get throws(Errno) { try flag(SO_BROADCAST) } }

    /// Sets ``broadcast``.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    public func setBroadcast(_ value: Bool) throws(Errno) { try setFlag(SO_BROADCAST, value) }

    /// The number of routers that a datagram may pass, 1...255.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `IP_TTL`, `IPV6_UNICAST_HOPS`.
    public var hops: Int {
        get throws(Errno) {
            try isIPv6 ? number(IPV6_UNICAST_HOPS, level: DatagramNumbers.ipv6) : number(IP_TTL, level: ip)
        }
    }

    /// Sets ``hops``.
    ///
    /// - Parameter value: 1...255.
    /// - Throws: `.invalidArgument` for another number; other errors from the kernel.
    public func setHops(_ value: Int) throws(Errno) {
        guard (1...255).contains(value) else { throw .invalidArgument }
        if try isIPv6 {
            try setNumber(IPV6_UNICAST_HOPS, level: DatagramNumbers.ipv6, value)
        } else {
            try setNumber(IP_TTL, level: ip, value)
        }
    }

    /// The traffic class in the IP header of what is sent; its lower two bits are the ``CongestionMark``.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `IP_TOS`, `IPV6_TCLASS`.
    public var trafficClass: UInt8 {
        get throws(Errno) {
            let value =
                try isIPv6
                ? number(DatagramNumbers.trafficClass6, level: DatagramNumbers.ipv6)
                : number(DatagramNumbers.trafficClass, level: ip)
            return UInt8(truncatingIfNeeded: value)
        }
    }

    /// Sets ``trafficClass``.
    ///
    /// - Parameter value: The new value; ``DatagramSendOptions/trafficClass`` sets that of one datagram.
    /// - Throws: The kernel's error.
    public func setTrafficClass(_ value: UInt8) throws(Errno) {
        if try isIPv6 {
            try setNumber(DatagramNumbers.trafficClass6, level: DatagramNumbers.ipv6, Int(value))
        } else {
            try setNumber(DatagramNumbers.trafficClass, level: ip, Int(value))
        }
    }

    /// Whether the kernel reports ``DatagramInfo/trafficClass``.
    ///
    /// Kernel: `IP_RECVTOS`, `IPV6_RECVTCLASS`.
    ///
    /// - Throws: The kernel's error.
    public var receivesTrafficClass: Bool {
        get throws(Errno) {
            try isIPv6
                ? flag(DatagramNumbers.receivesTrafficClass6, level: DatagramNumbers.ipv6)
                : flag(DatagramNumbers.receivesTrafficClass, level: ip)
        }
    }

    /// Sets ``receivesTrafficClass``.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `IP_RECVTOS`, `IPV6_RECVTCLASS`.
    public func setReceivesTrafficClass(_ value: Bool) throws(Errno) {
        // An IPv6 socket reports the class of IPv4 datagrams through the option of IPv4.
        try setFlag(DatagramNumbers.receivesTrafficClass, level: ip, value)
        if try isIPv6 { try setFlag(DatagramNumbers.receivesTrafficClass6, level: DatagramNumbers.ipv6, value) }
    }

    /// Whether the kernel reports ``DatagramInfo/destination`` and ``DatagramInfo/interface``.
    ///
    /// An endpoint that is bound to all addresses needs the destination to answer from the same address: pass it as
    /// ``DatagramSendOptions/source``.
    ///
    /// Kernel: `IP_PKTINFO`, `IPV6_RECVPKTINFO`.
    ///
    /// - Throws: The kernel's error.
    public var receivesPacketInfo: Bool {
        get throws(Errno) {
            try isIPv6
                ? flag(DatagramNumbers.receivesPacketInfo6, level: DatagramNumbers.ipv6)
                : flag(DatagramNumbers.packetInfo, level: ip)
        }
    }

    /// Sets ``receivesPacketInfo``.
    ///
    /// - Parameter value: The new value.
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `IP_PKTINFO`, `IPV6_RECVPKTINFO`.
    public func setReceivesPacketInfo(_ value: Bool) throws(Errno) {
        if try isIPv6 {
            try setFlag(DatagramNumbers.receivesPacketInfo6, level: DatagramNumbers.ipv6, value)
        } else {
            try setFlag(DatagramNumbers.packetInfo, level: ip, value)
        }
    }

    /// Whether the kernel can divide one send into several datagrams, as ``DatagramSendOptions/segmentSize`` requires.
    ///
    /// Kernel: `UDP_SEGMENT` (Linux 4.18).
    public var canSendSegments: Bool {
        (try? option(DatagramNumbers.segment, level: DatagramNumbers.udp)) != nil
    }

    /// Whether the kernel can join received datagrams.
    ///
    /// Kernel: `UDP_GRO` (Linux 5.0).
    public var canReceiveSegments: Bool {
        (try? option(DatagramNumbers.receivesSegments, level: DatagramNumbers.udp)) != nil
    }

    /// Whether the kernel joins datagrams of one sender that arrive together and have the same size, so that they are
    /// received as a train, with ``DatagramInfo/segmentSize``.
    ///
    /// - Throws: The kernel's error.
    ///
    /// Kernel: `UDP_GRO`.
    public var receivesSegments: Bool {
        get throws(Errno) { try flag(DatagramNumbers.receivesSegments, level: DatagramNumbers.udp) }
    }

    /// Sets ``receivesSegments``.
    ///
    /// - Parameter value: The new value.
    /// - Throws: `.protocolNotAvailable` if the kernel cannot join datagrams; other errors from the kernel.
    public func setReceivesSegments(_ value: Bool) throws(Errno) {
        try setFlag(DatagramNumbers.receivesSegments, level: DatagramNumbers.udp, value)
    }

    var isIPv6: Bool {
        get throws(Errno) { try family == .ipv6 }
    }

    private var ip: Int32 { DatagramNumbers.ip }
}
