internal import Glibc

/// What the kernel reported about a received datagram, besides its bytes and its sender.
///
/// Most of it is reported only if an option of the socket is set.
public struct DatagramInfo: Hashable, Sendable {
    /// Whether the end of the datagram is missing, because it was longer than the loop's memory: 64 KiB, or 256 KiB for
    /// a Unix socket.
    ///
    /// A UDP datagram is never that long.
    ///
    /// Kernel: `MSG_TRUNC`.
    public var isTruncated = false
    /// The size of each datagram of a train but the last, which may be shorter; nil if the bytes are one datagram.
    ///
    /// The kernel joins datagrams of one sender to a train if ``SocketOptions/receivesSegments`` is set.
    ///
    /// Kernel: `UDP_GRO`.
    public var segmentSize: Int?
    /// The address, with port 0, to which the datagram was sent.
    ///
    /// Kernel: `IP_PKTINFO`, `IPV6_PKTINFO`.
    public var destination: SocketAddress?
    /// The number of the interface on which the datagram arrived.
    ///
    /// Kernel: `IP_PKTINFO`, `IPV6_PKTINFO`.
    public var interface: UInt32?
    /// The traffic class of the datagram's IP header.
    ///
    /// Kernel: `IP_TOS`, `IPV6_TCLASS`.
    public var trafficClass: UInt8?

    /// Makes empty information.
    public init() {}

    /// Reads what `recvmsg(2)` wrote.
    ///
    /// - Parameter flags: The message's flags.
    @inline(__always)
    package init(control: UnsafeRawBufferPointer, flags: Int32) {
        isTruncated = flags & Int32(MSG_TRUNC) != 0
        if !control.isEmpty { read(control) }
    }

    @inline(never)
    private mutating func read(_ control: UnsafeRawBufferPointer) {
        ControlMessages.forEach(in: control) { level, type, data in
            switch (level, type) {
            case (DatagramNumbers.udp, DatagramNumbers.receivesSegments): segmentSize = Self.number(data)
            case (DatagramNumbers.ip, DatagramNumbers.packetInfo): readIPv4(data)
            case (DatagramNumbers.ipv6, DatagramNumbers.packetInfo6): readIPv6(data)
            case (DatagramNumbers.ip, DatagramNumbers.trafficClass): trafficClass = data.first
            case (DatagramNumbers.ipv6, DatagramNumbers.trafficClass6):
                trafficClass = Self.number(data).map { UInt8(truncatingIfNeeded: $0) }
            default: break
            }
        }
    }

    private static func number(_ data: UnsafeRawBufferPointer) -> Int? {
        data.count < MemoryLayout<Int32>.size ? nil : Int(data.loadUnaligned(as: Int32.self))
    }

    /// Reads `in_pktinfo`: the interface, the address to reply from, and the address in the datagram's header.
    private mutating func readIPv4(_ data: UnsafeRawBufferPointer) {
        guard data.count >= 12 else { return }
        interface = data.loadUnaligned(as: UInt32.self)
        let address = data.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
        destination = SocketAddress(.ipv4(IPv4Endpoint(address: address, port: 0)))
    }

    /// Reads `in6_pktinfo`: the address in the datagram's header, and the interface.
    private mutating func readIPv6(_ data: UnsafeRawBufferPointer) {
        guard data.count >= 20 else { return }
        let number = data.loadUnaligned(fromByteOffset: 16, as: UInt32.self)
        interface = number
        let address = (data.loadUnaligned(as: UInt64.self), data.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        var endpoint = IPv6Endpoint(address: address, port: 0)
        if endpoint.lacksScope { endpoint.scopeID = number }
        destination = SocketAddress(.ipv6(endpoint))
    }
}

/// The marks with which routers report congestion instead of dropping datagrams.
///
/// Source: RFC 3168.
public enum CongestionMark: UInt8, Sendable, CaseIterable {
    /// The sender does not take part.
    case notCapable = 0
    /// The sender takes part: ECT(1).
    case capable1 = 1
    /// The sender takes part: ECT(0).
    case capable0 = 2
    /// A router on the way is congested: CE.
    case experienced = 3
}

extension DatagramInfo {
    /// The congestion mark of the datagram's IP header: the lower two bits of ``trafficClass``.
    public var congestionMark: CongestionMark? {
        trafficClass.flatMap { CongestionMark(rawValue: $0 & 3) }
    }
}

extension DatagramInfo {
    /// Calls `body` with each datagram of a train, in order; with `data` itself if it is one datagram.
    ///
    /// - Parameters:
    ///   - data: What was received together with this information.
    ///   - body: Gets one datagram.
    /// - Throws: What `body` throws.
    public func forEachSegment<E: Error>(of data: RawSpan, _ body: (RawSpan) throws(E) -> Void) throws(E) {
        guard let segmentSize, segmentSize > 0, data.byteCount > segmentSize else { return try body(data) }
        var start = 0
        while start < data.byteCount {
            let end = min(start + segmentSize, data.byteCount)
            try body(data.extracting(start..<end))
            start = end
        }
    }
}
