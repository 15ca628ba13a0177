import Glibc
import TestSupport
import Testing
import Uring

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
        buffers = try BufferRing(
            ring: harness.ring, group: 0, count: count, size: space.bufferSize, length: space.length)
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
