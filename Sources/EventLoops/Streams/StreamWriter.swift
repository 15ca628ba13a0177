/// The sending half of a connection, for async code.
///
/// Calling ``drain()`` after each write keeps a slow peer from filling memory.
///
/// asyncio: `asyncio.StreamWriter`.
public final class StreamWriter: @unchecked Sendable {
    /// The underlying transport.
    ///
    /// asyncio: `transport`.
    public let transport: any StreamTransport
    let connection: StreamConnection

    init(transport: any StreamTransport, connection: StreamConnection) {
        self.transport = transport
        self.connection = connection
    }

    /// Sends bytes, after the bytes of earlier calls; see ``WriteTransport/write(_:)-(RawSpan)``.
    ///
    /// - Parameter bytes: What to send.
    /// - Thread: The loop's.
    ///
    /// asyncio: `write`.
    public func write(_ bytes: RawSpan) {
        transport.write(bytes)
    }

    /// Sends bytes, after the bytes of earlier calls.
    ///
    /// - Parameter bytes: What to send.
    /// - Thread: The loop's.
    ///
    /// asyncio: `write`.
    public func write(_ bytes: [UInt8]) {
        transport.write(bytes)
    }

    /// Sends text as UTF-8.
    ///
    /// - Parameter text: What to send.
    /// - Thread: The loop's.
    public func write(_ text: String) {
        transport.write(text)
    }

    /// Sends several pieces as one write.
    ///
    /// - Parameter pieces: What to send, in order.
    /// - Thread: The loop's.
    ///
    /// asyncio: `writelines`.
    public func writeLines(_ pieces: some Sequence<[UInt8]>) {
        transport.writeLines(pieces)
    }

    /// Waits while more bytes are pending than the limits allow.
    ///
    /// After ``close()``, it suspends for at least one turn, and throws once the connection is lost. Bytes that are
    /// written after ``close()`` are dropped.
    ///
    /// - Throws: The connection's error. ``EventLoopError``: `.closed` if the connection is lost or the loop is closed;
    ///   `.wrongThread` if called off the loop's thread. `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the wait; no byte is lost.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `drain`.
    @inlinable
    public func drain() async throws {
        // The usual case does not call an async function, which would cost as much as everything else together.
        if try mustWait() { try await waitToDrain() }
    }

    @usableFromInline
    func mustWait() throws -> Bool {
        try connection.mustDrain || transport.isClosing
    }

    @usableFromInline
    func waitToDrain() async throws {
        try await connection.drain(isClosing: transport.isClosing)
    }

    /// Ends the sending half after everything has been sent.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `write_eof`.
    public func writeEOF() {
        transport.writeEOF()
    }

    /// Whether ``writeEOF()`` is possible.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `can_write_eof`.
    public var canWriteEOF: Bool {
        transport.canWriteEOF
    }

    /// Ends the connection after everything has been sent.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `close`.
    public func close() {
        transport.close()
    }

    /// Whether the connection is closed or closing.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `is_closing`.
    public var isClosing: Bool {
        transport.isClosing
    }

    /// Waits until the connection is lost.
    ///
    /// - Throws: The error that broke the connection, if one did. `CancellationError` if the task is cancelled.
    ///   ``EventLoopError``, if the connection is not lost yet: `.closed` if the loop is closed; `.wrongThread` if
    ///   called off the loop's thread.
    /// - Cancellation: Ends the wait; the connection is not affected.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `wait_closed`.
    public func waitClosed() async throws {
        try await connection.waitClosed()
    }

    // MARK: The server

    /// Whether the server that accepted the connection is closing and will abort it at a deadline: see
    /// ``Server/close(deadline:)`` and ``GroupServer/close(deadline:)``.
    ///
    /// A handler that serves several requests on one connection should end after the current one. False for a
    /// connection that no server accepted, that has moved to another loop, or that is lost.
    ///
    /// - Thread: The loop's.
    public var isServerDraining: Bool {
        (transport as? ChannelTransport)?.tracker?.isDraining ?? false
    }

    /// Waits until the server that accepted the connection begins to drain or is closed.
    ///
    /// A handler that may be idle when the drain begins waits beside its work:
    ///
    ///     let notice = loop.createTask {
    ///         try await writer.waitServerDraining()
    ///         writer.close()
    ///     }
    ///     defer { notice.cancel() }
    ///     try await reader.forEachLine { line in writer.write(line) }
    ///
    /// The loss of the connection does not end the wait; cancel it when the handler ends.
    ///
    /// - Throws: ``EventLoopError``: `.invalidState` for a connection that no server accepted, or that has moved to
    ///   another loop; `.closed` if the connection is lost or the loop is closed; `.wrongThread`. `CancellationError`
    ///   if the task is cancelled.
    /// - Cancellation: Ends the wait; neither the connection nor the server is affected.
    /// - Thread: A task of the loop.
    public func waitServerDraining() async throws {
        let operation = "waitServerDraining"
        try connection.checkTask(operation)
        guard let server = (transport as? ChannelTransport)?.tracker else {
            guard !connection.hasEnded else { throw EventLoopError.closed(operation, "The connection") }
            throw EventLoopError(.invalidState, operation, detail: "No server of this loop accepted the connection")
        }
        try await server.waitDraining()
    }

    /// A fact about the connection, by its asyncio name: `peername`, `sockname`, `socket`.
    ///
    /// - Parameter name: asyncio's name of the fact.
    /// - Returns: The fact; nil if there is none of this name.
    /// - Thread: The loop's.
    ///
    /// asyncio: `get_extra_info`.
    public func extraInfo(_ name: String) -> (any Sendable)? {
        transport.extraInfo(name)
    }
}
