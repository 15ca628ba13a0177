import Proactor

/// Protocols: the loop passes received bytes to the object of the connection, lent for the duration of the call.
final class Echo: StreamProtocol {
    private var transport: (any StreamTransport)?

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
    }

    func dataReceived(_ data: RawSpan) {
        transport?.write(data)
    }

    func connectionLost(_ error: (any Error)?) {
        transport = nil
    }

    // Nothing more is read from a client that does not read its echo.
    func pauseWriting() {
        transport?.pauseReading()
    }

    func resumeWriting() {
        transport?.resumeReading()
    }
}
