/// How a datagram is sent, if it differs from the socket's options.
public struct DatagramSendOptions: Hashable, Sendable {
    /// The size of the datagrams into which the kernel divides the bytes; the last one may be shorter.
    ///
    /// At most 64 datagrams (128 since Linux 6.9) and 64 KiB in all; one must fit into the path's largest packet.
    ///
    /// Kernel: `UDP_SEGMENT`.
    public var segmentSize: Int?
    /// The address of this machine to send from; its port is ignored.
    ///
    /// Kernel: `IP_PKTINFO`, `IPV6_PKTINFO`.
    public var source: SocketAddress?
    /// The number of the interface to send on.
    ///
    /// Kernel: `IP_PKTINFO`, `IPV6_PKTINFO`.
    public var interface: UInt32?
    /// The traffic class of the datagram's IP header; its lower two bits are the ``CongestionMark``.
    ///
    /// Kernel: `IP_TOS`, `IPV6_TCLASS`.
    public var trafficClass: UInt8?

    /// Makes options.
    ///
    /// - Parameters:
    ///   - segmentSize: The size of the datagrams into which the kernel divides the bytes, 1...65535.
    ///   - source: The address of this machine to send from.
    ///   - interface: The number of the interface to send on.
    ///   - trafficClass: The traffic class.
    public init(
        segmentSize: Int? = nil, source: SocketAddress? = nil, interface: UInt32? = nil, trafficClass: UInt8? = nil
    ) {
        self.segmentSize = segmentSize
        self.source = source
        self.interface = interface
        self.trafficClass = trafficClass
    }

    /// `in_pktinfo`, without the address in the datagram's header.
    private struct PacketInfo4: BitwiseCopyable {
        var interface: UInt32
        var source: UInt32
        var header: UInt32 = 0
    }

    /// `in6_pktinfo`, with the address in 32-bit parts, because the structure has a size of 20 bytes.
    private struct PacketInfo6: BitwiseCopyable {
        var source: (UInt32, UInt32, UInt32, UInt32)
        var interface: UInt32
    }

    /// The maximum number of bytes that ``write(to:family:)`` writes.
    package static var mostControlBytes: Int {
        ControlMessages.space(2) + ControlMessages.space(20) + ControlMessages.space(4)
    }

    /// Writes control messages for `sendmsg(2)`.
    ///
    /// - Parameter family: The family of the socket.
    /// - Returns: Their length.
    package func write(to control: UnsafeMutableRawPointer, family: AddressFamily) -> Int {
        var length = 0
        if let segmentSize {
            length += ControlMessages.write(
                UInt16(clamping: segmentSize), level: DatagramNumbers.udp, type: DatagramNumbers.segment, to: control)
        }
        if source != nil || interface != nil { length += writePacketInfo(to: control + length, family) }
        if let trafficClass {
            let isIPv6 = family == .ipv6
            length += ControlMessages.write(
                Int32(trafficClass), level: isIPv6 ? DatagramNumbers.ipv6 : DatagramNumbers.ip,
                type: isIPv6 ? DatagramNumbers.trafficClass6 : DatagramNumbers.trafficClass, to: control + length)
        }
        return length
    }

    private func writePacketInfo(to control: UnsafeMutableRawPointer, _ family: AddressFamily) -> Int {
        let interface = interface ?? 0
        if family == .ipv6 {
            let value = PacketInfo6(source: sourceWords, interface: interface)
            return ControlMessages.write(
                value, level: DatagramNumbers.ipv6, type: DatagramNumbers.packetInfo6, to: control)
        }
        var address: UInt32 = 0
        if case .ipv4(let endpoint)? = source?.form { address = endpoint.address }
        let value = PacketInfo4(interface: interface, source: address)
        return ControlMessages.write(value, level: DatagramNumbers.ip, type: DatagramNumbers.packetInfo, to: control)
    }

    private var sourceWords: (UInt32, UInt32, UInt32, UInt32) {
        guard case .ipv6(let endpoint)? = source?.form else { return (0, 0, 0, 0) }
        return withUnsafeBytes(of: endpoint.address) { bytes in
            (
                bytes.load(as: UInt32.self), bytes.load(fromByteOffset: 4, as: UInt32.self),
                bytes.load(fromByteOffset: 8, as: UInt32.self), bytes.load(fromByteOffset: 12, as: UInt32.self)
            )
        }
    }
}
