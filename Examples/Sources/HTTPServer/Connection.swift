import Proactor

/// One client, with a deadline for every phase of the connection.
final class Connection: StreamProtocol {
    private enum Phase {
        /// Between requests.
        case idle
        /// A part of a request has arrived.
        case receiving
        /// The last answer is being sent; what arrives is ignored.
        case ending
    }

    private let service: Service
    private let parser = RequestParser(callbacks: ParserCallbacks.table)
    private var transport: (any StreamTransport)?
    private var phase = Phase.idle
    /// The end of the phase, or of a pause in writing, in the service's seconds.
    private var deadline = 0
    /// The client reads too slowly, so nothing is read from it.
    private var isPaused = false
    private var hasAnsweredLast = false
    /// The bytes that arrived last have completed a request.
    private var hasAnswered = false

    init(service: Service) {
        self.service = service
        parser.receiver = self
    }

    // MARK: StreamProtocol

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
        deadline = service.now + service.options.idleTimeout
        service.add(self)
    }

    func dataReceived(_ data: RawSpan) {
        if phase == .ending { return }
        hasAnswered = false
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
        // The client reset the connection or vanished; that is no fault of the server.
        transport = nil
        service.remove(self)
    }

    // MARK: Phases

    /// All complete requests have been answered.
    private func wentOn() {
        if parser.isInsideRequest {
            // The time limit of a request counts from its first byte, not from its latest.
            if phase == .idle { restart(.receiving) }
        } else if hasAnswered {
            // Empty lines before a request do not extend the idle time.
            restart(.idle)
        }
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

    /// Closes the connection once everything is sent.
    private func close() {
        phase = .ending
        deadline = service.now + service.options.closeTimeout
        transport?.close()
    }

    /// Sends an error, then closes the connection once the client has had time to read it.
    ///
    /// The client may still be sending. If the socket were closed now, the kernel would answer those bytes with a
    /// reset, which would discard the error. So only the sending half is closed; the rest follows when the client
    /// closes, or at the deadline.
    private func fail(with response: Response) {
        service.output.append(response, .closes)
        flush()
        phase = .ending
        deadline = service.now + service.options.closeTimeout
        transport?.writeEOF()
        transport?.resumeReading()
    }
}

// MARK: - Called by the service

extension Connection: ServiceClient {
    func checkDeadline() {
        guard service.now > deadline else { return }
        switch phase {
        case .idle where !isPaused: close()
        case .receiving where !isPaused: fail(with: .requestTimeout)
        default: transport?.abort()
        }
    }

    func stop() {
        if phase == .idle { close() }
    }
}

// MARK: - Called by the parser

extension Connection: RequestReceiver {
    func bodyAwaited() {
        service.output.appendContinue()
    }

    func requestReceived(_ method: Method, target: RawSpan, body: RawSpan, _ persistence: Persistence) -> Bool {
        // The next byte starts another request, possibly within this read.
        phase = .idle
        hasAnswered = true
        let persistence = service.isStopping ? .closes : persistence
        hasAnsweredLast = persistence == .closes
        service.answer(method, target: target, body: body, persistence)
        return !hasAnsweredLast
    }
}
