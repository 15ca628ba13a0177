import Proactor

/// One client: its requests come in, its answers go out, and no phase lasts for ever.
final class Connection: StreamProtocol {
    private enum Phase {
        /// Between requests.
        case idle
        /// A part of a request has come.
        case receiving
        /// The last answer is on its way; what comes in is thrown away.
        case ending
    }

    private let service: Service
    private let parser = RequestParser()
    private var transport: (any StreamTransport)?
    private var phase = Phase.idle
    /// When the phase, or the pause of writing, has lasted too long, in the service's seconds.
    private var deadline = 0
    /// The client does not take what is sent to it, so no more is asked of it.
    private var isPaused = false
    private var hasAnsweredLast = false

    init(service: Service) {
        self.service = service
        parser.receiver = self
    }

    // MARK: Told by the transport

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        deadline = service.now + service.options.idleTimeout
        service.add(self)
    }

    func dataReceived(_ data: RawSpan) {
        if phase == .ending { return }
        do throws(Rejection) {
            try parser.parse(data)
            flush()
            if hasAnsweredLast { close() } else { wentOn() }
        } catch {
            fail(with: Response(error))
        }
    }

    func pauseWriting() {
        isPaused = true
        transport?.pauseReading()
        deadline = service.now + service.options.stallTimeout
    }

    func resumeWriting() {
        isPaused = false
        if phase == .ending { return }
        transport?.resumeReading()
        restart(phase)
    }

    func connectionLost(_ error: (any Error)?) {
        // An error here is the client's affair: it reset the connection, or vanished.
        transport = nil
        service.remove(self)
    }

    // MARK: Phases

    /// What came in was answered as far as possible.
    private func wentOn() {
        let now = parser.isInsideRequest ? Phase.receiving : .idle
        // The time for a request counts from its first byte, however many pieces it comes in.
        if now == .idle || phase == .idle { restart(now) }
    }

    private func restart(_ phase: Phase) {
        self.phase = phase
        if isPaused { return }
        let options = service.options
        deadline = service.now + (phase == .idle ? options.idleTimeout : options.requestTimeout)
    }

    private func flush() {
        let output = service.output
        if output.bytes.isEmpty { return }
        transport?.write(output.bytes.span.bytes)
        output.removeAll()
    }

    /// Ends the connection once everything is sent.
    private func close() {
        phase = .ending
        deadline = service.now + service.options.closeTimeout
        transport?.close()
    }

    /// Says what is wrong, then ends the connection after the client has had time to hear it.
    ///
    /// The client may still be sending. Were the socket closed now, the kernel would answer those bytes with a reset,
    /// and a reset overtakes the answer. So only this half ends; the rest follows at the client's end or the deadline.
    private func fail(with response: Response) {
        service.output.append(response, .closes)
        flush()
        phase = .ending
        deadline = service.now + service.options.closeTimeout
        transport?.writeEOF()
        transport?.resumeReading()
    }

    // MARK: Told by the service

    /// Called once a second.
    func checkDeadline() {
        guard service.now > deadline else { return }
        switch phase {
        case .idle where !isPaused: close()
        case .receiving where !isPaused: fail(with: .requestTimeout)
        default: transport?.abort()
        }
    }

    /// The server stops: a request in flight is still answered.
    func stop() {
        if phase == .idle { close() }
    }
}

// MARK: - Told by the parser

extension Connection: RequestReceiver {
    func bodyAwaited() {
        service.output.appendContinue()
    }

    func requestReceived(_ method: Method, target: RawSpan, body: RawSpan, _ persistence: Persistence) -> Bool {
        // The next byte is the first of another request, even within this read.
        phase = .idle
        let persistence = service.isStopping ? .closes : persistence
        hasAnsweredLast = persistence == .closes
        service.answer(method, target: target, body: body, persistence)
        return !hasAnsweredLast
    }
}
