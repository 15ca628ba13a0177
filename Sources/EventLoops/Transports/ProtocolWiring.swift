/// The protocol object above a transport, and how it takes bytes.
///
/// All properties are constants, so that the compiler calls what they hold without a retain and a release, which cost
/// more than the call. When the protocol object changes, a new wiring replaces this one.
final class ProtocolWiring {
    enum Receiver {
        case stream
        case buffered
        /// The connection is lost, or its channel was detached: releasing the protocol object breaks the cycle between
        /// it and its transport.
        case none
    }

    /// The wiring of transports that have released their protocol object; it can be shared because it has no state.
    nonisolated(unsafe) static let none = ProtocolWiring()

    let receiver: Receiver
    /// The protocol object if it is a stream protocol, otherwise one that ignores everything.
    let stream: any StreamProtocol
    let buffered: (any BufferedProtocol)?

    /// - Throws: ``EventLoopError`` with `.invalidArgument` for a protocol object that takes no bytes.
    init(_ protocol: any BaseProtocol) throws(EventLoopError) {
        if let stream = `protocol` as? any StreamProtocol {
            receiver = .stream
            self.stream = stream
            buffered = nil
        } else if let buffered = `protocol` as? any BufferedProtocol {
            receiver = .buffered
            stream = IgnoringProtocol.shared
            self.buffered = buffered
        } else {
            throw .invalidArgument("setProtocol", "\(`protocol`) is neither a StreamProtocol nor a BufferedProtocol")
        }
    }

    private init() {
        receiver = .none
        stream = IgnoringProtocol.shared
        buffered = nil
    }

    var connection: any ConnectionProtocol {
        buffered ?? stream
    }

    var receiveMode: ReceiveMode {
        receiver == .buffered ? .supplied : .lending
    }
}

/// Replaces a protocol object that was released.
private final class IgnoringProtocol: StreamProtocol, Sendable {
    static let shared = IgnoringProtocol()

    func dataReceived(_ data: RawSpan) {}
}
