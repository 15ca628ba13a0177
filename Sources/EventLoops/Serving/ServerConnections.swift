extension Server {
    /// The accepted connections, one by one, for servers that were started without a handler or protocol factory.
    ///
    ///     let server = try await loop.startServer(port: 8080)
    ///     for try await (reader, writer) in server.connections {
    ///         loop.createTask { try await serve(reader, writer) }
    ///     }
    ///
    /// The server stops accepting while several connections wait for the consumer. They stay with the server if the
    /// consumer leaves its loop, and another loop can take them. The consumer has to close each writer that it gets.
    /// The sequence finishes when the server is closed, or when it drains and no connection waits any longer.
    ///
    /// - Thread: The loop's.
    public var connections: ServerConnections {
        ServerConnections(server: self)
    }
}

/// The accepted connections of a server as a sequence; see ``Server/connections``.
///
/// Several tasks may iterate; each connection goes to one of them.
///
/// - Thread: The loop's.
public struct ServerConnections: AsyncSequence, Sendable {
    /// The two halves of a connection.
    public typealias Element = (reader: StreamReader, writer: StreamWriter)

    fileprivate let server: Server

    /// An iterator that takes connections from the server.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let server: Server

        /// Waits for the next connection.
        ///
        /// - Returns: The connection; nil once the server is closed, and after
        ///   ``AbstractEventLoop/shutdownAsyncGenerators()`` has finished all sequences.
        /// - Throws: ``EventLoopError``: `.invalidState` if the server has a handler or protocol factory, which gets
        ///   its connections; `.closed`; `.wrongThread`. `CancellationError` if the task is cancelled.
        /// - Cancellation: Ends the wait; no connection is lost.
        /// - Thread: A task of the loop.
        public mutating func next() async throws -> Element? {
            try await server.nextConnection()
        }
    }

    /// Makes an iterator; all iterators take from the same server.
    ///
    /// - Thread: The loop's.
    public func makeAsyncIterator() -> AsyncIterator {
        server.core.sequenceBegins()
        return AsyncIterator(server: server)
    }
}

extension Server {
    fileprivate func nextConnection() async throws -> (reader: StreamReader, writer: StreamWriter)? {
        try core.checkTask("connections")
        guard let demand else {
            throw EventLoopError(
                .invalidState, "connections",
                detail: "This server's connections go to its handler or protocol factory: start one without it")
        }
        while !core.areSequencesOver {
            if let connection = takeConnection(demand) { return connection }
            if !mayHaveMore { return nil }
            try await demand.changed.waitOrThrow("connections", inSequence: true)
        }
        return nil
    }

    private func takeConnection(_ demand: ConnectionDemand) -> (reader: StreamReader, writer: StreamWriter)? {
        let connection = StreamConnection(core: core, limit: demand.limit)
        guard let transport = takeHeld({ connection }) else { return nil }
        return (connection.reader, StreamWriter(transport: transport, connection: connection))
    }

    /// Whether a connection is held, or one may still be accepted.
    private var mayHaveMore: Bool {
        switch state {
        case .bound, .serving: true
        case .draining: held.count > 0 || listeners.contains { $0.isAccepting }
        case .closed: false
        }
    }
}
