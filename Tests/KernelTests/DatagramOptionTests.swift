import Glibc
import Kernel
import Testing

/// Control messages as the kernel reads and writes them, and options of datagram sockets.
@Suite struct DatagramOptionTests {
    private static let families = [AddressFamily.ipv4, .ipv6]

    private func socket(_ family: AddressFamily) throws -> Socket {
        try Socket(family: family, type: Socket.datagram)
    }

    @Test(arguments: families)
    func options_areReadAsSet(_ family: AddressFamily) throws {
        let socket = try socket(family)
        #expect(try !socket.broadcast)
        try socket.setBroadcast(true)
        #expect(try socket.broadcast)
        try socket.setHops(7)
        #expect(try socket.hops == 7)
        try socket.setTrafficClass(0x2E << 2 | CongestionMark.capable0.rawValue)
        #expect(try socket.trafficClass == 0xBA)
        try socket.setMulticastHops(0)
        #expect(try socket.multicastHops == 0)
        try socket.setMulticastHops(255)
        #expect(try socket.multicastHops == 255)
        #expect(try socket.multicastLoop)
        try socket.setMulticastLoop(false)
        #expect(try !socket.multicastLoop)
        #expect(throws: Errno.invalidArgument) { try socket.setHops(0) }
        #expect(throws: Errno.invalidArgument) { try socket.setHops(256) }
        #expect(throws: Errno.invalidArgument) { try socket.setMulticastHops(256) }
    }

    @Test func segments_areKnownToTheKernel() throws {
        let socket = try socket(.ipv4)
        #expect(socket.canSendSegments && socket.canReceiveSegments)
        #expect(try !socket.receivesSegments)
        try socket.setReceivesSegments(true)
        #expect(try socket.receivesSegments)
        let unix = try Socket(family: .unix, type: Socket.datagram)
        #expect(!unix.canSendSegments && !unix.canReceiveSegments)
        #expect(throws: Errno.notSupported) { try unix.setReceivesSegments(true) }
    }

    @Test(arguments: families)
    func group_isJoinedAndLeft_once_andOptionsAreRead(_ family: AddressFamily) throws {
        let socket = try socket(family)
        let text = family == .ipv4 ? "239.1.2.3" : "ff15::1:2:3"
        let group = try SocketAddress(ipAddress: text, port: 0)
        let loopback = if_nametoindex("lo")
        try socket.joinGroup(group, interface: loopback)
        #expect(throws: Errno.addressInUse) { try socket.joinGroup(group, interface: loopback) }
        try socket.leaveGroup(group, interface: loopback)
        #expect(throws: Errno.addressNotAvailable) { try socket.leaveGroup(group, interface: loopback) }
        let source = try SocketAddress(ipAddress: family == .ipv4 ? "127.0.0.1" : "::1", port: 0)
        try socket.joinGroup(group, interface: loopback, source: source)
        try socket.leaveGroup(group, interface: loopback, source: source)
        try socket.setMulticastInterface(loopback)
        for value in [true, false] {
            try socket.setReceivesPacketInfo(value)
            #expect(try socket.receivesPacketInfo == value)
            try socket.setReceivesTrafficClass(value)
            #expect(try socket.receivesTrafficClass == value)
        }
        #expect(throws: Errno.self) { try socket.setMulticastInterface(99_999) }
        #expect(throws: Errno.invalidArgument) { try socket.joinGroup(source, interface: loopback) }
    }

    @Test func controlMessages_areReadAsWritten() {
        let source = try? SocketAddress(ipAddress: "::1", port: 0)
        let options = DatagramSendOptions(segmentSize: 1200, source: source, interface: 3, trafficClass: 0xB9)
        withUnsafeTemporaryAllocation(byteCount: DatagramSendOptions.mostControlBytes, alignment: 16) { memory in
            guard let start = memory.baseAddress else { return }
            let length = options.write(to: start, family: .ipv6)
            #expect(length == DatagramSendOptions.mostControlBytes)
            let control = UnsafeRawBufferPointer(start: start, count: length)
            let info = DatagramInfo(control: control, flags: 0)
            #expect(info.destination == source && info.interface == 3)
            #expect(info.trafficClass == 0xB9 && info.congestionMark == .capable1)
            #expect(info.segmentSize == nil, "sent and received trains have different messages")
            // A list that is cut off anywhere is read up to there.
            for cut in 0...length {
                let part = UnsafeRawBufferPointer(rebasing: control[..<cut])
                #expect(!DatagramInfo(control: part, flags: 0).isTruncated)
            }
        }
        let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(DatagramInfo(control: nothing, flags: Int32(MSG_TRUNC)).isTruncated)
    }

    @Test func train_isDividedIntoItsSegments() {
        func sizes(_ count: Int, _ segmentSize: Int?) -> [Int] {
            var info = DatagramInfo()
            info.segmentSize = segmentSize
            var sizes: [Int] = []
            let bytes = [UInt8](repeating: 0, count: count)
            info.forEachSegment(of: bytes.span.bytes) { sizes.append($0.byteCount) }
            return sizes
        }
        #expect(sizes(0, nil) == [0] && sizes(10, nil) == [10])
        #expect(sizes(10, 4) == [4, 4, 2] && sizes(8, 4) == [4, 4] && sizes(3, 4) == [3] && sizes(0, 4) == [0])
        #expect(sizes(10, 0) == [10] && sizes(10, -1) == [10])
    }
}
