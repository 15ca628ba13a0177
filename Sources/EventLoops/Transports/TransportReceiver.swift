/// Who is told what a transport receives, and in which way.
enum TransportReceiver {
    case stream(any StreamProtocol)
    case buffered(any BufferedProtocol)
    /// After the end: the protocol is let go, which breaks the cycle between it and its transport.
    case nobody

    /// - Throws: ``EventLoopError`` with `.invalidArgument` for a protocol object that takes no bytes.
    init(_ protocol: any BaseProtocol) throws(EventLoopError) {
        if let stream = `protocol` as? any StreamProtocol {
            self = .stream(stream)
        } else if let buffered = `protocol` as? any BufferedProtocol {
            self = .buffered(buffered)
        } else {
            throw .invalidArgument("setProtocol", "\(`protocol`) is neither a StreamProtocol nor a BufferedProtocol")
        }
    }

    var connection: (any ConnectionProtocol)? {
        switch self {
        case .stream(let stream): stream
        case .buffered(let buffered): buffered
        case .nobody: nil
        }
    }

    var base: any BaseProtocol {
        connection ?? NoProtocol.shared
    }
}

/// Stands in for the protocol object that a lost transport has let go.
private final class NoProtocol: BaseProtocol, Sendable {
    static let shared = NoProtocol()
}
