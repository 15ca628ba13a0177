extension StreamTransport {
    /// Moves the open connection to another loop, where it gets another protocol object.
    ///
    ///     loop.createTask {
    ///         try await transport.move(to: group.leastLoaded) { Session() }
    ///     }
    ///
    /// No byte is lost, in either direction: bytes not yet delivered go to the next protocol object first, and pending
    /// writes are sent from the target loop. The limits of the write buffer and a pause of reading stay as they are. If
    /// the peer has ended the stream, the next protocol object is notified of that even if the former one was. An error
    /// that breaks the connection during the move is passed to its `connectionLost`, after the bytes that arrived
    /// before it.
    ///
    /// From this call on, this transport drops writes, and `close()` has no effect; `abort()` ends the connection if it
    /// has not left yet. When the connection has begun on the other loop, the former protocol object's last call is
    /// `connectionMoved`. If the target closes first, the connection is closed, and the last call is `connectionLost`.
    /// A server of the former loop no longer counts the connection, which takes no part in that server's drain.
    ///
    /// A `Socket` needs no move: when nothing is in flight on it, use it on another loop.
    ///
    /// - Parameters:
    ///   - loop: The target loop, of any kind and on any thread. While it does not run, the connection waits.
    ///   - unread: Bytes that the former protocol object has taken and did not use; they are delivered first.
    ///   - makeProtocol: Makes the next protocol object, on the target's thread: a ``StreamProtocol`` or a
    ///     ``BufferedProtocol``.
    /// - Returns: The next transport, which is to be used on the target's thread only.
    /// - Throws: ``EventLoopError``: `.closed` if the target is closed, or if the connection was aborted first;
    ///   `.invalidState` if this transport is closing; `.notSupported` for other kinds of transport; `.wrongThread`.
    ///   `CancellationError` if the task is cancelled.
    /// - Cancellation: If the task is already cancelled, nothing happens. Otherwise it only ends the wait: the
    ///   connection moves nevertheless.
    /// - Thread: A task of the connection's loop.
    ///
    /// asyncio has no such call.
    @discardableResult
    public func move(
        to loop: any AbstractEventLoop, unread: [UInt8] = [],
        _ makeProtocol: @escaping @Sendable () -> any ConnectionProtocol
    ) async throws -> any StreamTransport {
        try await ConnectionMove(try movable(to: loop.core)).run(to: loop.core, unread: unread, makeProtocol)
    }

    /// The transport if it can move now.
    func movable(to target: LoopCore) throws -> SocketTransport {
        guard let transport = self as? SocketTransport else {
            throw EventLoopError(.notSupported, "move", detail: "\(self) is not a connection of a loop's own kind")
        }
        try transport.core.checkTask("move")
        try Task.checkCancellation()
        if target.isClosed { throw EventLoopError.closed("move", "The target loop") }
        try transport.checkLeaving()
        return transport
    }
}

extension StreamWriter {
    /// Moves the open connection to another loop, and runs a task there that serves it.
    ///
    /// Bytes that the reader holds move, too. The former reader and writer cannot be used any longer: their waits end
    /// with an ``EventLoopError``. A moved connection takes no part in its server's drain.
    ///
    /// - Parameters:
    ///   - loop: The target.
    ///   - limit: The longest line or record to read there, in bytes; at least 1.
    ///   - handler: Serves the connection, as in `startServer`.
    /// - Throws: The same as ``StreamTransport/move(to:unread:_:)``; `.invalidArgument` for a limit that is not
    ///   positive.
    /// - Cancellation: The same as for a transport.
    /// - Thread: A task of the connection's loop.
    ///
    /// asyncio has no such call.
    public func move(
        to loop: any AbstractEventLoop, limit: Int = 64 * 1024,
        _ handler: @escaping @Sendable (StreamReader, StreamWriter) async throws -> Void
    ) async throws {
        try StreamLimit.check(limit, "move")
        let target = loop.core
        let move = ConnectionMove(try transport.movable(to: target))
        _ = try await move.run(to: target, unread: connection.reader.takeAll()) {
            StreamConnection(core: target, limit: limit) { target.serve($0, $1, handler) }
        }
    }
}
