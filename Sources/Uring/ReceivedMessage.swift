import CUring
import Glibc

/// The parts of a buffer that a multishot receive of messages fills: a header, and space for the sender's address, for
/// control messages and for the payload, in this order.
///
/// Public, like ``CompletionFlags``, so that the loops' modules inline the reader of each message.
public struct MessageSpace: Sendable {
    /// Bytes for the sender's address.
    public let name: Int
    /// Bytes for control messages.
    public let control: Int
    /// Bytes for the payload; a longer one is truncated.
    public let payload: Int
    /// Bytes before the payload.
    public let prefix: Int

    /// Describes the parts.
    public init(name: Int, control: Int, payload: Int) {
        self.name = name
        self.control = control
        self.payload = payload
        prefix = Self.header + name + control
    }

    /// How much of a buffer the kernel may fill, in bytes.
    package var length: Int { prefix + payload }

    /// The distance between buffers: an odd number of cache lines, so that the first lines of many buffers spread over
    /// the cache's sets instead of sharing a few.
    package var bufferSize: Int { ((length + 63) / 64 | 1) * 64 }

    /// Bytes that the kernel writes before the address: an `io_uring_recvmsg_out`.
    @inlinable
    static var header: Int { 16 }

    /// Makes the template to pass to ``Ring/receiveMessageMultishot(_:_:group:for:)``, for the caller to deallocate.
    package func makeTemplate() -> UnsafeMutableRawPointer {
        assert(MemoryLayout<io_uring_recvmsg_out>.size == Self.header, "the kernel's header has another size")
        let template = UnsafeMutablePointer<msghdr>.allocate(capacity: 1)
        template.initialize(to: msghdr())
        template.pointee.msg_namelen = socklen_t(name)
        template.pointee.msg_controllen = control
        return UnsafeMutableRawPointer(template)
    }
}

/// A message in a buffer that the kernel has filled; valid while the buffer is.
public struct ReceivedMessage {
    /// The sender's address; empty if it has none.
    public let name: UnsafeRawBufferPointer
    /// The control messages that fit.
    public let control: UnsafeRawBufferPointer
    /// The part of the payload that fit.
    public let payload: UnsafeRawBufferPointer
    /// `MSG_TRUNC` if the payload was truncated, `MSG_CTRUNC` if control messages are missing.
    public let flags: Int32

    /// Finds the parts of a message.
    ///
    /// Nil if the result is shorter than the space before the payload, which no kernel returns.
    ///
    /// - Parameters:
    ///   - buffer: The start of the buffer.
    ///   - result: The completion's result, which includes the whole space for the address and the control messages,
    ///     whatever their length.
    @inlinable
    public init?(in buffer: UnsafeRawPointer, result: Int32, _ space: MessageSpace) {
        let payloadLength = Int(result) &- space.prefix
        guard payloadLength >= 0 else { return nil }
        // The header has the lengths before truncation.
        let nameLength = Int(buffer.load(as: UInt32.self))
        let controlLength = Int(buffer.load(fromByteOffset: 4, as: UInt32.self))
        let name = buffer + MessageSpace.header
        self.name = UnsafeRawBufferPointer(start: name, count: min(nameLength, space.name))
        control = UnsafeRawBufferPointer(start: name + space.name, count: min(controlLength, space.control))
        payload = UnsafeRawBufferPointer(start: buffer + space.prefix, count: min(payloadLength, space.payload))
        flags = buffer.load(fromByteOffset: 12, as: Int32.self)
    }
}
