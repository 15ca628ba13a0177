import Glibc

/// Control messages, which accompany a message of a socket.
///
/// Source: `cmsg(3)`.
package enum ControlMessages {
    private static let headerSize = aligned(MemoryLayout<cmsghdr>.size)

    /// The length of a message's place in the control memory, for data of `size` bytes.
    ///
    /// `CMSG_SPACE`.
    static func space(_ size: Int) -> Int {
        headerSize + aligned(size)
    }

    /// Calls `body` with the level, the type and the data of each message.
    static func forEach(in control: UnsafeRawBufferPointer, _ body: (Int32, Int32, UnsafeRawBufferPointer) -> Void) {
        var offset = 0
        while offset + headerSize <= control.count {
            let header = control.loadUnaligned(fromByteOffset: offset, as: cmsghdr.self)
            let end = min(offset + Int(header.cmsg_len), control.count)
            guard end >= offset + headerSize else { return }
            let data = UnsafeRawBufferPointer(rebasing: control[offset + headerSize..<end])
            body(header.cmsg_level, header.cmsg_type, data)
            offset += aligned(Int(header.cmsg_len))
        }
    }

    /// Writes a message whose data has the layout of `Value`; returns the length of its place.
    static func write<Value: BitwiseCopyable>(
        _ value: Value, level: Int32, type: Int32, to control: UnsafeMutableRawPointer
    ) -> Int {
        let size = MemoryLayout<Value>.size
        var header = cmsghdr()
        header.cmsg_len = numericCast(headerSize + size)
        header.cmsg_level = level
        header.cmsg_type = type
        control.storeBytes(of: header, as: cmsghdr.self)
        (control + headerSize).initializeMemory(as: UInt8.self, repeating: 0, count: aligned(size))
        (control + headerSize).storeBytes(of: value, as: Value.self)
        return space(size)
    }

    private static func aligned(_ size: Int) -> Int {
        (size + MemoryLayout<Int>.size - 1) & ~(MemoryLayout<Int>.size - 1)
    }
}

/// The numbers of control messages and options of datagrams, which are part of the ABI.
enum DatagramNumbers {
    static let udp = Int32(IPPROTO_UDP)
    static let ip = Int32(IPPROTO_IP)
    static let ipv6 = Int32(IPPROTO_IPV6)
    /// `UDP_SEGMENT`.
    static let segment: Int32 = 103
    /// `UDP_GRO`.
    static let receivesSegments: Int32 = 104
    /// `IP_PKTINFO`, as option and as message.
    static let packetInfo: Int32 = 8
    /// `IPV6_RECVPKTINFO`.
    static let receivesPacketInfo6: Int32 = 49
    /// `IPV6_PKTINFO`.
    static let packetInfo6: Int32 = 50
    /// `IP_TOS`, as option and as message.
    static let trafficClass: Int32 = 1
    /// `IP_RECVTOS`.
    static let receivesTrafficClass: Int32 = 13
    /// `IPV6_TCLASS`, as option and as message.
    static let trafficClass6: Int32 = 67
    /// `IPV6_RECVTCLASS`.
    static let receivesTrafficClass6: Int32 = 66
}
