/// Who is told what a transport receives: one of the two kinds of protocol object, or nobody.
///
/// An object whose parts never change, and are there, so that the compiler calls them without a retain and a release,
/// which cost more than the call.
final class TransportReceiver {
    enum Kind {
        case stream
        case buffered
        /// After the end: the protocol is let go, which breaks the cycle between it and its transport.
        case nobody
    }

    let kind: Kind
    /// Deaf unless the receiver is of this kind.
    let stream: any StreamProtocol
    let buffered: (any BufferedProtocol)?

    /// - Throws: ``EventLoopError`` with `.invalidArgument` for a protocol object that takes no bytes.
    init(_ protocol: any BaseProtocol) throws(EventLoopError) {
        if let stream = `protocol` as? any StreamProtocol {
            kind = .stream
            self.stream = stream
            buffered = nil
        } else if let buffered = `protocol` as? any BufferedProtocol {
            kind = .buffered
            stream = DeafProtocol.shared
            self.buffered = buffered
        } else {
            throw .invalidArgument("setProtocol", "\(`protocol`) is neither a StreamProtocol nor a BufferedProtocol")
        }
    }

    /// Nobody.
    init() {
        kind = .nobody
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
}
