import CUring
import Glibc

/// The parts of a buffer that a multishot receive of messages fills: a header, and space for the sender's address, for
/// control messages and for the payload, in this order.
package struct MessageSpace: Sendable {
    /// Bytes for the sender's address.
    package let name: Int
    /// Bytes for control messages.
    package let control: Int
    /// Bytes for the payload; longer ones are cut.
    package let payload: Int

    package init(name: Int, control: Int, payload: Int) {
        self.name = name
        self.control = control
        self.payload = payload
    }

    /// Bytes before the payload.
    package var prefix: Int { Self.header + name + control }

    /// The size of a buffer: an odd number of cache lines, so that the first lines of many buffers spread over the
    /// cache's sets instead of sharing a few.
    package var bufferSize: Int {
        let lines = (prefix + payload + 63) / 64
        return (lines | 1) * 64
    }

    /// Bytes that the kernel writes before the address.
    static let header = MemoryLayout<io_uring_recvmsg_out>.size

    /// Makes the template to pass to ``Ring/receiveMessageMultishot(_:_:group:for:)``, for the caller to deallocate.
    package func makeTemplate() -> UnsafeMutablePointer<msghdr> {
        let template = UnsafeMutablePointer<msghdr>.allocate(capacity: 1)
        template.initialize(to: msghdr())
        template.pointee.msg_namelen = socklen_t(name)
        template.pointee.msg_controllen = control
        return template
    }
}

/// A message in a buffer that the kernel has filled; valid while the buffer is.
package struct ReceivedMessage {
    /// The sender's address; empty if it has none.
    package let name: UnsafeRawBufferPointer
    /// The control messages that did fit.
    package let control: UnsafeRawBufferPointer
    /// The payload, as far as it did fit.
    package let payload: UnsafeRawBufferPointer
    /// `MSG_TRUNC` if the payload was cut, `MSG_CTRUNC` if control messages are missing.
    package let flags: Int32

    /// Finds the parts of a message.
    ///
    /// Nil if the result is shorter than the space before the payload, which no kernel returns.
    ///
    /// - Parameters:
    ///   - buffer: The start of the buffer.
    ///   - result: The completion's result, which includes the whole space for the address and the control messages,
    ///     whatever their length.
    @inline(__always)
    package init?(in buffer: UnsafeRawPointer, result: Int32, _ space: MessageSpace) {
        let payloadLength = Int(result) - space.prefix
        guard payloadLength >= 0 else { return nil }
        let header = buffer.load(as: io_uring_recvmsg_out.self)
        let name = buffer + MessageSpace.header
        // The header contains the lengths before anything was cut.
        self.name = UnsafeRawBufferPointer(start: name, count: min(Int(header.namelen), space.name))
        control = UnsafeRawBufferPointer(start: name + space.name, count: min(Int(header.controllen), space.control))
        payload = UnsafeRawBufferPointer(start: buffer + space.prefix, count: min(payloadLength, space.payload))
        flags = Int32(bitPattern: header.flags)
    }
}
