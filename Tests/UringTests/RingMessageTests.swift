import Glibc
import Kernel
import TestSupport
import Testing
import Uring

@Suite("Messages", .needsRing)
struct RingMessageTests {
    @Test func receiveMessage_returnsTheBytesAndTheSender() throws {
        let harness = try RingHarness()
        let receiver = try Socket(family: .ipv4, type: Socket.datagram)
        try receiver.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        let sender = try Socket(family: .ipv4, type: Socket.datagram)
        try sender.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        let message = Message(8)
        _ = harness.ring.receiveMessage(receiver.fileDescriptor, message.header, for: harness.target(1))
        let bytes: [UInt8] = [7, 8]
        _ = try bytes.withUnsafeBytes {
            try SocketCalls.sendTo(sender.fileDescriptor, $0, to: receiver.localAddress)
        }
        #expect(try harness.next(1).result == 2)
        #expect(message.header.pointee.msg_namelen == socklen_t(MemoryLayout<sockaddr_in>.size))
        #expect(try message.sender == sender.localAddress)
    }

    @Test func sendMessage_fails_ifItMustNotWait() throws {
        let harness = try RingHarness()
        let receiver = try Socket(family: .unix, type: Socket.datagram)
        try receiver.bind(to: SocketAddress(unixPath: ""))
        let sender = try Socket(family: .unix, type: Socket.datagram)
        try sender.connect(to: receiver.localAddress)
        let message = Message(1)
        message.header.pointee.msg_name = nil
        message.header.pointee.msg_namelen = 0
        var results: [Int32] = []
        for number: UInt64 in 1...40 where results.last != -EAGAIN {
            _ = harness.ring.sendMessage(
                sender.fileDescriptor, message.header, waits: false, for: harness.target(number))
            results.append(try harness.next(number).result)
        }
        #expect(results.last == -EAGAIN)
        #expect(results.dropLast().allSatisfy { $0 == 1 } && results.count > 1)
    }

    @Test func accept_returnsOneConnectionAndItsAddress() throws {
        let harness = try RingHarness()
        let listener = try Socket(family: .ipv4)
        try listener.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try listener.listen()
        let message = Message(0)
        let length = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
        defer { length.deallocate() }
        length.initialize(to: UInt32(MemoryLayout<sockaddr_storage>.size))
        _ = harness.ring.accept(
            listener.fileDescriptor, address: message.name, length: length, for: harness.target(1))
        let clients = try (0..<2).map { _ in try Socket(family: .ipv4) }
        for client in clients { try? client.connect(to: listener.localAddress) }
        let accepted = try harness.next(1)
        try #require(accepted.result >= 0)
        #expect(!accepted.hasMore)
        message.header.pointee.msg_namelen = length.pointee
        #expect(try message.sender == clients[0].localAddress)
        let flags = (fcntl(accepted.result, F_GETFD) & FD_CLOEXEC, fcntl(accepted.result, F_GETFL) & O_NONBLOCK)
        #expect(flags.0 != 0 && flags.1 != 0)
        close(accepted.result)
        // The second connection waits for another accept.
        #expect(try listener.accept().address == clients[1].localAddress)
    }
}

/// A message with space for an address and some bytes.
private final class Message {
    let header = UnsafeMutablePointer<msghdr>.allocate(capacity: 1)
    let name = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)
    private let vector = UnsafeMutablePointer<iovec>.allocate(capacity: 1)
    private let bytes: UnsafeMutableRawBufferPointer

    init(_ count: Int) {
        bytes = .allocate(byteCount: max(1, count), alignment: 1)
        vector.initialize(to: iovec(iov_base: bytes.baseAddress, iov_len: count))
        name.initialize(to: sockaddr_storage())
        header.initialize(to: msghdr())
        header.pointee.msg_name = UnsafeMutableRawPointer(name)
        header.pointee.msg_namelen = socklen_t(MemoryLayout<sockaddr_storage>.size)
        header.pointee.msg_iov = vector
        header.pointee.msg_iovlen = 1
    }

    deinit {
        header.deallocate()
        name.deallocate()
        vector.deallocate()
        bytes.deallocate()
    }

    var sender: SocketAddress? {
        name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            SocketAddress($0, length: header.pointee.msg_namelen)
        }
    }
}
