/// The notifications that both kinds of stream protocol get.
///
/// The order of calls is `connectionMade (data* eofReceived?) connectionLost`, with `(pauseWriting resumeWriting)*` in
/// between. The first and the last call are made exactly once. ``serverIsDraining()`` may be called at any time in
/// between. If the connection moves to another loop, the last call is ``connectionMoved()``.
///
/// asyncio: what `asyncio.Protocol` and `asyncio.BufferedProtocol` have in common.
public protocol ConnectionProtocol: BaseProtocol {
    /// Called when the connection is established.
    ///
    /// Keep the transport to write to it, and release it in `connectionLost`.
    ///
    /// - Parameter transport: The connection.
    func connectionMade(_ transport: any StreamTransport)
    /// Called when the peer has ended its half of the stream.
    ///
    /// - Returns: What the transport does next; by default it closes itself.
    func eofReceived() -> EOFDisposition
    /// Called once when the connection's server begins to drain: see ``Server/close(deadline:)``.
    ///
    /// Finish the request in progress, and close the transport before the deadline, which aborts it. For a connection
    /// that is accepted during the drain, the call follows `connectionMade`.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio has no such call.
    func serverIsDraining()
    /// Called instead of `connectionLost` when the connection has moved to another loop, where it has another protocol
    /// object: release the transport.
    ///
    /// - Thread: The loop's.
    func connectionMoved()
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
    /// Does nothing: the connection stays open until the deadline.
    public func serverIsDraining() {}
    /// Does nothing.
    public func connectionMoved() {}
}

/// A protocol that borrows the received bytes for the duration of a call.
///
/// asyncio: `asyncio.Protocol`.
public protocol StreamProtocol: ConnectionProtocol {
    /// Called when bytes have arrived.
    ///
    /// The bytes are in the loop's receive buffer, and the compiler does not let the span outlive the call: copy them
    /// if you need them afterwards. Writing the span, or part of it, to a transport of the same loop avoids the copy
    /// where that is cheaper.
    ///
    /// The method has no default implementation, so that a wrong signature does not compile.
    ///
    /// - Parameter data: At least one byte.
    func dataReceived(_ data: RawSpan)
}

/// A protocol that supplies the memory into which the kernel writes received bytes.
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
    /// Called when the kernel has filled the start of the memory.
    ///
    /// - Parameter count: How many bytes were received; at least one.
    func bufferUpdated(_ count: Int)
}
