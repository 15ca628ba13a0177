import EventLoops

/// A protocol that counts deliveries and losses.
final class TallyProtocol: StreamProtocol {
    var bytes = 0
    var deliveries = 0
    var losses = 0
    var onData: (() -> Void)?

    func dataReceived(_ data: RawSpan) {
        bytes += data.byteCount
        deliveries += 1
        onData?()
    }

    func connectionLost(_ error: (any Error)?) {
        losses += 1
    }
}
