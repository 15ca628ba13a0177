/// The notifications that both kinds of stream protocol get.
///
/// The order of calls is `connectionMade (data* eofReceived?) connectionLost`, with `(pauseWriting resumeWriting)*` in
/// between. The first and the last call are made exactly once.
///
/// asyncio: what `asyncio.Protocol` and `asyncio.BufferedProtocol` have in common.
public protocol ConnectionProtocol: BaseProtocol {
    /// The connection is established. Keep the transport to write to it, and release it in `connectionLost`.
    ///
    /// - Parameter transport: The connection.
    func connectionMade(_ transport: any StreamTransport)
    /// The peer has ended its half of the stream.
    ///
    /// - Returns: Whether the transport closes itself, which is the default.
    func eofReceived() -> EOFDisposition
}

/// What a transport does when its peer has ended its half of the stream.
///
/// asyncio: the truth value that `eof_received` returns.
public enum EOFDisposition: Sendable {
    /// Send the pending bytes, then close.
    case close
    /// Stay open for sending until the protocol object closes the transport.
    case keepOpen
}

extension ConnectionProtocol {
    /// Does nothing.
    public func connectionMade(_ transport: any StreamTransport) {}
    /// Lets the transport close itself.
    public func eofReceived() -> EOFDisposition { .close }
}

/// A protocol to which received bytes are lent.
///
/// asyncio: `asyncio.Protocol`.
public protocol StreamProtocol: ConnectionProtocol {
    /// Bytes have arrived.
    ///
    /// They are in the loop's receive buffer, and the compiler does not let the span outlive the call: copy the bytes
    /// to keep them. Writing the span, or part of it, to a transport of the same loop avoids the copy where that is
    /// cheaper.
    ///
    /// The method has no default implementation, so that a wrong signature does not compile.
    ///
    /// - Parameter data: At least one byte.
    func dataReceived(_ data: RawSpan)
}

/// A protocol that supplies the memory into which the kernel receives.
///
/// asyncio: `asyncio.BufferedProtocol`.
public protocol BufferedProtocol: ConnectionProtocol {
    /// Supplies memory for the next receive.
    ///
    /// The memory belongs to the kernel until ``bufferUpdated(_:)`` or `connectionLost`: until then it has to stay
    /// valid, and must not be read or written.
    ///
    /// - Parameter sizeHint: How many bytes may arrive; -1 if that is not known.
    /// - Returns: Memory of at least one byte; an empty buffer ends the connection with `.protocolBroken`.
    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer
    /// The kernel has filled the start of the memory.
    ///
    /// - Parameter count: How many bytes, at least one.
    func bufferUpdated(_ count: Int)
}
