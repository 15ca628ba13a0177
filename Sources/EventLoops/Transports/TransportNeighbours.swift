/// What a transport lies between: the channel below it, and above it a protocol object of one of two kinds, or nobody.
///
/// An object whose parts never change, and are there, so that the compiler calls them without a retain and a release,
/// which cost more than the call. When one of them changes, another object takes its place.
final class TransportNeighbours {
    enum Receiver {
        case stream
        case buffered
        /// After the end: the protocol is let go, which breaks the cycle between it and its transport.
        case nobody
    }

    let channel: any StreamChannel
    let receiver: Receiver
    /// Deaf unless the receiver is of this kind.
    let stream: any StreamProtocol
    let buffered: (any BufferedProtocol)?

    /// - Throws: ``EventLoopError`` with `.invalidArgument` for a protocol object that takes no bytes.
    init(channel: any StreamChannel, protocol: any BaseProtocol) throws(EventLoopError) {
        self.channel = channel
        if let stream = `protocol` as? any StreamProtocol {
            receiver = .stream
            self.stream = stream
            buffered = nil
        } else if let buffered = `protocol` as? any BufferedProtocol {
            receiver = .buffered
            stream = DeafProtocol.shared
            self.buffered = buffered
        } else {
            throw .invalidArgument("setProtocol", "\(`protocol`) is neither a StreamProtocol nor a BufferedProtocol")
        }
    }

    /// The same receiver on another channel.
    init(channel: any StreamChannel, receiverOf other: TransportNeighbours) {
        self.channel = channel
        receiver = other.receiver
        stream = other.stream
        buffered = other.buffered
    }

    /// A channel of which nobody is told.
    init(channel: any StreamChannel) {
        self.channel = channel
        receiver = .nobody
        stream = DeafProtocol.shared
        buffered = nil
    }

    var connection: any ConnectionProtocol {
        buffered ?? stream
    }
}

/// Stands in for the protocol object that a lost transport has let go.
private final class DeafProtocol: StreamProtocol, Sendable {
    static let shared = DeafProtocol()

    func dataReceived(_ data: RawSpan) {}
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
