import Glibc
import Testing
import Uring

/// A datagram socket, closed on deinit, that is bound to the loopback network, to a Unix name, or to nothing.
final class DatagramSocket {
    let descriptor: Int32

    /// A UDP socket with a port of its own.
    init(family: Int32 = AF_INET) throws {
        descriptor = socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        try #require(descriptor >= 0)
        switch family {
        case AF_INET6:
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_addr = in6addr_loopback
            try bind(&address)
        case AF_INET:
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7f00_0001).bigEndian
            try bind(&address)
        default: break
        }
    }

    /// A Unix socket with an abstract name that the kernel chooses, or without a name.
    init(unixNamed isNamed: Bool) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        try #require(descriptor >= 0)
        guard isNamed else { return }
        var family = sa_family_t(AF_UNIX)
        try bind(&family)
    }

    deinit { close(descriptor) }

    private func bind<Address>(_ address: inout Address) throws {
        let result = withUnsafeBytes(of: &address) {
            Glibc.bind(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        try #require(result == 0)
    }

    /// The bytes of this socket's address.
    var name: [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 128)
        var length = socklen_t(bytes.count)
        bytes.withUnsafeMutableBytes {
            _ = getsockname(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), &length)
        }
        return Array(bytes.prefix(Int(length)))
    }

    func connect(to other: DatagramSocket) throws {
        try connect(to: other.name)
    }

    func connect(to name: [UInt8]) throws {
        let result = name.withUnsafeBytes {
            Glibc.connect(descriptor, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        try #require(result == 0)
    }

    func send(_ bytes: [UInt8], to other: DatagramSocket) {
        let count = other.name.withUnsafeBytes {
            sendto(
                descriptor, bytes, bytes.count, 0, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
                socklen_t($0.count))
        }
        #expect(count == bytes.count)
    }

    func set(_ level: Int32, _ option: Int32, _ value: Int32 = 1) throws {
        var value = value
        try #require(setsockopt(descriptor, level, option, &value, 4) == 0)
    }
}

/// A multishot receive of messages on a ring, with its buffers.
final class MessageReceiver {
    struct Message: Equatable {
        var name: [UInt8]
        var control: [UInt8]
        var payload: [UInt8]
        var flags: Int32
        var hasMore: Bool
    }

    private let harness: RingHarness
    private let socket: DatagramSocket
    private let space: MessageSpace
    private let buffers: BufferRing
    private let template: UnsafeMutableRawPointer
    private var used: [UInt16] = []
    private var number: UInt64 = 0

    init(
        _ socket: DatagramSocket, name: Int = 128, control: Int = 0, payload: Int = 65536, buffers count: Int = 8
    ) throws {
        harness = try RingHarness()
        self.socket = socket
        space = MessageSpace(name: name, control: control, payload: payload)
        template = space.makeTemplate()
        buffers = try BufferRing(ring: harness.ring, group: 0, count: count, size: space.bufferSize)
        arm()
    }

    deinit { template.deallocate() }

    /// Submits the receive.
    func arm() {
        number += 1
        _ = harness.ring.receiveMessageMultishot(socket.descriptor, template, group: 0, for: harness.target(number))
        #expect(throws: Never.self) { try harness.ring.enter(.none) }
    }

    /// The next completion, which must be a message; keeps its buffer.
    func message(sourceLocation: SourceLocation = #_sourceLocation) throws -> Message {
        let completion = try harness.next(number)
        try #require(completion.result >= 0, "\(completion.result)", sourceLocation: sourceLocation)
        used.append(completion.buffer)
        let parts = ReceivedMessage(in: buffers.address(of: completion.buffer), result: completion.result, space)
        let message = try #require(parts, sourceLocation: sourceLocation)
        return Message(
            name: Array(message.name), control: Array(message.control), payload: Array(message.payload),
            flags: message.flags, hasMore: completion.hasMore)
    }

    /// The next completion, which must be the receive's last: its error.
    func end() throws -> Int32 {
        let completion = try harness.next(number)
        #expect(!completion.hasMore)
        return -completion.result
    }

    func returnBuffers() {
        for buffer in used { buffers.give(buffer) }
        used = []
        buffers.publish()
    }

    func cancel() throws -> Int32 {
        -(try harness.cancel(number).result)
    }
}

/// The data of the control message of a kind, if there is one.
func controlData(_ control: [UInt8], _ level: Int32, _ type: Int32) -> [UInt8]? {
    var offset = 0
    while offset + 16 <= control.count {
        let (length, found) = control.withUnsafeBytes { bytes in
            (
                bytes.loadUnaligned(fromByteOffset: offset, as: Int.self),
                bytes.loadUnaligned(fromByteOffset: offset + 8, as: (Int32, Int32).self)
            )
        }
        if found == (level, type) { return Array(control[(offset + 16)..<(offset + length)]) }
        offset += (length + 7) & ~7
    }
    return nil
}
