/// The protocol object under a pair of streams.
///
/// asyncio: `StreamReaderProtocol`, `FlowControlMixin`.
final class StreamConnection: StreamProtocol {
    let reader: StreamReader
    private let core: LoopCore
    private var isLost = false
    private let lost: WaitList
    private var loss: (any Error)?
    private let onConnection: ((StreamConnection, any StreamTransport) -> Void)?

    /// - Parameter onConnection: Called once the connection is established; used by servers.
    init(core: LoopCore, limit: Int, onConnection: ((StreamConnection, any StreamTransport) -> Void)? = nil) {
        self.core = core
        self.onConnection = onConnection
        reader = StreamReader(core: core, limit: limit)
        lost = WaitList(queue: core.queue)
    }

    // MARK: Notifications from the transport

    func connectionMade(_ transport: any StreamTransport) {
        reader.attach(transport)
        onConnection?(self, transport)
    }

    func dataReceived(_ data: RawSpan) {
        reader.feed(data)
    }

    func eofReceived() -> EOFDisposition {
        reader.end()
        return .keepOpen
    }

    func pauseWriting() {
        reader.writerIsFull()
    }

    func resumeWriting() {
        reader.writerHasDrained()
    }

    func connectionMoved() {
        connectionLost(
            EventLoopError(.invalidState, "move", detail: "The connection has moved: use the streams of its new loop"))
    }

    func connectionLost(_ error: (any Error)?) {
        isLost = true
        loss = error
        reader.lose(error)
        lost.resumeAll()
    }

    /// Whether an error ended the connection.
    var hasBroken: Bool {
        loss != nil
    }

    // MARK: Calls by the writer

    /// Whether the connection is lost, or has moved to another loop.
    var hasEnded: Bool {
        isLost
    }

    func checkTask(_ operation: String) throws(EventLoopError) {
        try core.checkTask(operation)
    }

    /// Whether ``drain(isClosing:)`` has to be called; if false, it would return at once.
    var mustDrain: Bool {
        get throws {
            try core.checkTask("drain")
            if let error = reader.exception { throw error }
            return reader.isWriterFull || isLost
        }
    }

    func drain(isClosing: Bool) async throws {
        // A closing connection drops writes, so it may apply no back-pressure. Yield, so that a task that writes in a
        // loop still sees the loss.
        if isClosing { try await core.yieldTurn() }
        try throwIfLost()
        guard reader.isWriterFull else { return }
        try await reader.drained.waitOrThrow("drain")
        try throwIfLost()
    }

    private func throwIfLost() throws {
        guard isLost else { return }
        throw loss ?? EventLoopError(.closed, "drain", detail: "Connection is closed: write no more")
    }

    func waitClosed() async throws {
        if !isLost {
            try core.checkTask("waitClosed")
            try await lost.waitOrThrow("waitClosed")
        }
        if let loss { throw loss }
    }
}
