/// What both kinds of stream protocol are told.
///
/// The legal order of calls is `connectionMade (data* eofReceived?) connectionLost`, with `(pauseWriting
/// resumeWriting)*` in between; the first and the last come exactly once.
///
/// asyncio: what `asyncio.Protocol` and `asyncio.BufferedProtocol` have in common.
public protocol ConnectionProtocol: BaseProtocol {
    /// The connection stands. Keep the transport to write to it, and let go of it in `connectionLost`.
    ///
    /// - Parameter transport: The connection.
    func connectionMade(_ transport: any StreamTransport)
    /// The peer sends no more.
    ///
    /// - Returns: Whether the transport is to close itself, which is the default.
    func eofReceived() -> EOFDisposition
}

/// What a transport does when its peer sends no more.
///
/// asyncio: the truth value that `eof_received` returns.
public enum EOFDisposition: Sendable {
    /// Send what is waiting, then close.
    case close
    /// Stay open for sending; closing is up to you.
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
    /// Bytes came in.
    ///
    /// They lie in the loop's own receive buffer, and the compiler forbids to keep the span: copy what is to stay.
    /// Writing the span, or a part of it, to a transport of the same loop does not copy it where that is cheaper.
    ///
    /// It has no default, unlike the other methods, so that one with a wrong signature does not compile.
    ///
    /// - Parameter data: At least one byte.
    func dataReceived(_ data: RawSpan)
}

/// A protocol that supplies the memory into which the kernel receives.
///
/// asyncio: `asyncio.BufferedProtocol`.
public protocol BufferedProtocol: ConnectionProtocol {
    /// Memory for the next receive. It belongs to the kernel until ``bufferUpdated(_:)`` or `connectionLost`: it must
    /// stay valid and must not be read or written before.
    ///
    /// - Parameter sizeHint: How many bytes may come, or -1 if that is not known.
    /// - Returns: Memory of at least one byte; an empty buffer ends the connection with `.protocolBroken`.
    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer
    /// The first bytes of the buffer were filled.
    ///
    /// - Parameter count: How many, above zero.
    func bufferUpdated(_ count: Int)
}
