import Glibc
import TestSupport
import Testing
import Uring

@Suite("Datagram operations", .needsRing)
struct DatagramOperationsTests {
    @Test func eachMessage_hasItsPayload_andItsSender() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        let receiver = try MessageReceiver(receiving)
        for size in [1, 64, 1472, 4096, 65507] {
            let bytes = Pattern.bytes(size, at: size)
            sending.send(bytes, to: receiving.name)
            let message = try receiver.message()
            #expect(message.payload == bytes)
            #expect(message.name == sending.name)
            #expect(message.control.isEmpty)
            #expect(message.flags == 0)
            #expect(message.hasMore)
            receiver.returnBuffers()
        }
        #expect(try receiver.cancel() == ECANCELED)
    }

    /// An empty datagram is delivered, but ends the receive.
    @Test func emptyMessage_isDelivered_andEndsTheReceive() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        let receiver = try MessageReceiver(receiving)
        sending.send([], to: receiving.name)
        sending.send([1], to: receiving.name)
        let message = try receiver.message()
        #expect(message.payload.isEmpty)
        #expect(message.name == sending.name)
        #expect(!message.hasMore)
        receiver.arm()
        #expect(try receiver.message().payload == [1])
        #expect(try receiver.cancel() == ECANCELED)
    }

    /// The message is cut at the end of the space that was requested, or of the buffer.
    @Test func longMessage_isCutAndMarked() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        let receiver = try MessageReceiver(receiving, payload: 50)
        sending.send(Pattern.bytes(4000), to: receiving.name)
        sending.send([1, 2], to: receiving.name)
        let message = try receiver.message()
        #expect(message.flags & Int32(MSG_TRUNC) != 0)
        #expect(message.payload == Array(Pattern.bytes(4000).prefix(50)))
        let next = try receiver.message()
        #expect(next.payload == [1, 2])
        #expect(next.flags == 0)
        #expect(try receiver.cancel() == ECANCELED)
    }

    @Test func receive_endsWithoutBuffers_andLosesNothing() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        let receiver = try MessageReceiver(receiving, buffers: 2)
        for number in 0..<4 { sending.send([UInt8(number)], to: receiving.name) }
        #expect(try receiver.message().payload == [0])
        #expect(try receiver.message().payload == [1])
        #expect(try receiver.end() == ENOBUFS)
        receiver.returnBuffers()
        receiver.arm()
        #expect(try receiver.message().payload == [2])
        #expect(try receiver.message().payload == [3])
        _ = try receiver.cancel()
    }

    /// The kernel reports by an error that an earlier datagram found no socket at its port; the socket stays usable.
    @Test func unreachablePort_endsTheReceive_andNotTheSocket() throws {
        let receiving = try DatagramSocket()
        var dead: DatagramSocket? = try DatagramSocket()
        let name = try #require(dead).name
        dead = nil
        try receiving.connect(to: name)
        let receiver = try MessageReceiver(receiving)
        #expect(send(receiving.descriptor, [1], 1, 0) == 1)
        #expect(try receiver.end() == ECONNREFUSED)
        let live = try DatagramSocket()
        try receiving.connect(to: live.name)
        receiver.arm()
        live.send([5], to: receiving.name)
        #expect(try receiver.message().payload == [5])
        #expect(try receiver.cancel() == ECANCELED)
    }

    @Test func controlMessages_precedeThePayload() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        try receiving.set(Int32(IPPROTO_IP), Int32(IP_PKTINFO))
        try receiving.set(Int32(IPPROTO_IP), Int32(IP_RECVTOS))
        try sending.set(Int32(IPPROTO_IP), Int32(IP_TOS), 0x12)
        let receiver = try MessageReceiver(receiving, control: 256)
        sending.send([7, 8, 9], to: receiving.name)
        let message = try receiver.message()
        #expect(message.payload == [7, 8, 9])
        #expect(controlData(message.control, Int32(IPPROTO_IP), Int32(IP_TOS)) == [0x12])
        let information = try #require(controlData(message.control, Int32(IPPROTO_IP), Int32(IP_PKTINFO)))
        #expect(Array(information.suffix(4)) == [127, 0, 0, 1])
        #expect(message.flags == 0)
        #expect(try receiver.cancel() == ECANCELED)
    }

    @Test func missingControlMessages_areMarked() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        try receiving.set(Int32(IPPROTO_IP), Int32(IP_PKTINFO))
        let receiver = try MessageReceiver(receiving, control: 16)
        sending.send([7], to: receiving.name)
        let message = try receiver.message()
        #expect(message.flags & Int32(MSG_CTRUNC) != 0)
        #expect(message.control.count <= 16)
        #expect(message.payload == [7])
        #expect(try receiver.cancel() == ECANCELED)
    }

    /// With generic receive offload, a train of segments arrives as one message with the segments' size.
    @Test func segments_arriveAsOneMessage() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        let (udp, segment, offload) = (Int32(17), Int32(103), Int32(104))
        try receiving.set(udp, offload)
        try sending.set(udp, segment, 1000)
        let receiver = try MessageReceiver(receiving, control: 256)
        let bytes = Pattern.bytes(10_500)
        sending.send(bytes, to: receiving.name)
        let message = try receiver.message()
        #expect(message.payload == bytes)
        let size = try #require(controlData(message.control, udp, offload))
        #expect(size.withUnsafeBytes { $0.loadUnaligned(as: Int32.self) } == 1000)
        #expect(try receiver.cancel() == ECANCELED)
    }

    @Test func senderOfIPv6_hasALongAddress() throws {
        let (receiving, sending) = (try DatagramSocket(family: AF_INET6), try DatagramSocket(family: AF_INET6))
        let receiver = try MessageReceiver(receiving)
        sending.send([1], to: receiving.name)
        let message = try receiver.message()
        #expect(message.name == sending.name)
        #expect(message.name.count == MemoryLayout<sockaddr_in6>.size)
        #expect(try receiver.cancel() == ECANCELED)
    }

    /// A Unix sender may have no name; then the address is empty.
    @Test(arguments: [false, true]) func unixSender_mayHaveNoName(isNamed: Bool) throws {
        let (receiving, sending) = (try DatagramSocket(unixNamed: true), try DatagramSocket(unixNamed: isNamed))
        let receiver = try MessageReceiver(receiving)
        for bytes in [[1, 2, 3], [], [4]] as [[UInt8]] {
            sending.send(bytes, to: receiving.name)
            let message = try receiver.message()
            #expect(message.payload == bytes)
            #expect(message.name == (isNamed ? sending.name : []))
            if !message.hasMore { receiver.arm() }
        }
        #expect(try receiver.cancel() == ECANCELED)
    }

    /// An address that is longer than its space is cut, and does not move the payload.
    @Test func longAddress_isCut() throws {
        let (receiving, sending) = (try DatagramSocket(family: AF_INET6), try DatagramSocket(family: AF_INET6))
        let receiver = try MessageReceiver(receiving, name: 16)
        sending.send([1, 2], to: receiving.name)
        let message = try receiver.message()
        #expect(message.name == Array(sending.name.prefix(16)))
        #expect(message.payload == [1, 2])
        #expect(try receiver.cancel() == ECANCELED)
    }

    @Test func cancel_losesNoMessage() throws {
        let (receiving, sending) = (try DatagramSocket(), try DatagramSocket())
        let receiver = try MessageReceiver(receiving)
        for number in 0..<50 {
            #expect(try receiver.cancel() == ECANCELED)
            sending.send([UInt8(number)], to: receiving.name)
            receiver.arm()
            #expect(try receiver.message().payload == [UInt8(number)])
            receiver.returnBuffers()
        }
        #expect(try receiver.cancel() == ECANCELED)
    }

    /// A result that is shorter than the space before the payload would wrap the payload's length around.
    @Test func shortResult_isNoMessage() {
        let space = MessageSpace(name: 16, control: 32, payload: 100)
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: space.bufferSize, alignment: 64)
        defer { buffer.deallocate() }
        buffer.initializeMemory(as: UInt8.self, repeating: 0xFF, count: space.bufferSize)
        for result in [-1, 0, 15, Int32(space.prefix) - 1] {
            #expect(ReceivedMessage(in: buffer, result: result, space) == nil)
        }
        // Lengths in the header that exceed the space are those before anything was cut.
        let message = ReceivedMessage(in: buffer, result: Int32(space.prefix) + 3, space)
        #expect(message?.name.count == 16)
        #expect(message?.control.count == 32)
        #expect(message?.payload.count == 3)
        #expect(ReceivedMessage(in: buffer, result: .max, space)?.payload.count == 100)
    }

    @Test func bufferSize_isAnOddNumberOfCacheLines() {
        for payload in [1, 64, 1000, 65536, 262_144] {
            let space = MessageSpace(name: 128, control: 256, payload: payload)
            #expect(space.bufferSize >= space.prefix + payload)
            #expect(space.bufferSize % 128 == 64)
        }
    }
}
