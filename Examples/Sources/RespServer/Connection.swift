import Proactor

/// One client: bytes to commands, and replies to bytes.
///
/// Commands are executed where their bytes were received; only an incomplete command is copied. A client that does not
/// read its replies gets no further ones: its commands wait, unread, until it has caught up.
final class Connection: StreamProtocol {
    private let client: Client
    private let service: Service
    private let dispatcher: Dispatcher
    private let reader = CommandReader()
    private var transport: (any StreamTransport)?
    /// What was received and not executed: the start of a command, or commands that wait.
    private var kept: [UInt8] = []
    /// The client reads its replies too slowly.
    private var isPaused = false
    /// When bytes arrived last, in ticks.
    private var lastUse: UInt32
    /// Ticks since ``kept`` was last large.
    private var smallTicks = 0
    /// Reserved for the start of a command; larger memory is released when it is not needed for some ticks, and all
    /// memory when the client is idle.
    private static let reserved = 16 * 1024
    private static let idleTicks = 2 * StoreState.ticksPerSecond
    private static let smallTicksToShrink = 3

    init(service: Service, dispatcher: Dispatcher) {
        self.service = service
        self.dispatcher = dispatcher
        client = Client(service: service)
        lastUse = service.store.state.ticks
        kept.reserveCapacity(Self.reserved)
    }

    // MARK: StreamProtocol

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        client.begin(self)
    }

    func dataReceived(_ data: RawSpan) {
        if client.isQuitting { return }
        lastUse = service.store.state.ticks
        if kept.isEmpty {
            data.withUnsafeBytes { bytes in
                let executed = execute(bytes)
                if executed < bytes.count { keep(bytes[executed...]) }
            }
        } else {
            data.withUnsafeBytes { keep($0[...]) }
            executeKept()
        }
        if !canExecute, kept.count > Limits.pipelined { transport?.pauseReading() }
    }

    func pauseWriting() {
        isPaused = true
        transport?.pauseReading()
    }

    func resumeWriting() {
        isPaused = false
        resume()
    }

    func serverIsDraining() {
        // No command is being executed; the replies of earlier ones are still sent.
        transport?.close()
    }

    func connectionLost(_ error: (any Error)?) {
        // The client reset the connection or vanished; that is no fault of the server.
        transport = nil
        client.end()
    }

    // MARK: Commands

    private var canExecute: Bool { !isPaused && !client.isWaiting && !client.isQuitting }

    /// Executes complete commands, and sends all their replies at once.
    ///
    /// - Returns: How many bytes they had.
    private func execute(_ bytes: Bytes) -> Int {
        // Local constants need no retain per command.
        let (client, reader, dispatcher, reply) = (client, reader, dispatcher, service.reply)
        reply.version = client.version
        reply.sink = self
        client.isRunning = true
        var executed = 0
        do throws(ProtocolError) {
            while canExecute, let arguments = try reader.next(Bytes(rebasing: bytes[executed...])) {
                executed += reader.consumed
                if arguments.count > 0 { dispatcher.execute(arguments, for: client) }
                if reply.count >= Limits.batch { reply.flush(to: self) }
            }
        } catch {
            reply.error(error.text)
            client.isQuitting = true
        }
        client.isRunning = false
        reply.flush(to: self)
        reply.sink = nil
        if client.isQuitting { transport?.close() }
        return executed
    }

    private func keep(_ bytes: Slice<Bytes>) {
        kept.append(contentsOf: bytes)
        if kept.count > 2 * Self.reserved { smallTicks = 0 }
    }

    private func executeKept() {
        var bytes: [UInt8] = []
        swap(&bytes, &kept)
        let executed = bytes.lend { execute($0) }
        bytes.removeFirst(executed)
        swap(&bytes, &kept)
    }
}

extension Connection: ReplySink {
    // The connection may have been ended by one of the commands whose replies these are.

    func write(_ bytes: RawSpan) {
        if let transport, !transport.isClosing { transport.write(bytes) }
    }

    func write(_ bytes: [UInt8]) {
        if let transport, !transport.isClosing { transport.write(bytes) }
    }
}

extension Connection: ClientOutput {
    func send(_ bytes: ReplyBuffer) {
        bytes.flush(to: self)
        // A subscriber cannot be made to wait, because the publisher and the others would wait, too.
        if let transport, transport.writeBufferSize > Limits.unread { transport.abort() }
    }

    func resume() {
        // Not at once: another client's command may be running.
        service.loop.callSoon { [self] in
            if canExecute, !kept.isEmpty { executeKept() }
            if canExecute { transport?.resumeReading() }
        }
    }

    func close() { transport?.abort() }

    func tick() {
        smallTicks += 1
        guard kept.isEmpty else { return }
        if service.store.state.ticks &- lastUse >= Self.idleTicks {
            kept = []
        } else if kept.capacity > 2 * Self.reserved, smallTicks > Self.smallTicksToShrink {
            kept = []
            kept.reserveCapacity(Self.reserved)
        }
    }

    var summary: String {
        let idle = Int(service.store.state.ticks &- lastUse) / StoreState.ticksPerSecond
        return "addr=\(transport?.peerAddress.map { "\($0)" } ?? "") idle=\(idle) qbuf=\(kept.count) "
            + "qbuf-free=\(kept.capacity - kept.count) omem=\(transport?.writeBufferSize ?? 0)"
    }
}
