/// The channel of a transport: an object around it for the reason for which ``TransportReceiver`` is one.
final class TransportChannel {
    let base: any StreamChannel

    init(_ base: any StreamChannel) {
        self.base = base
    }
}

/// Stands in for a channel before a connection begins and after it is lost.
final class NoChannel: StreamChannel, Sendable {
    static let shared = NoChannel()

    func startReading() {}
    func stopReading() {}
    func send() {}
    func shutdownWriting() {}
    func close() {}
}
