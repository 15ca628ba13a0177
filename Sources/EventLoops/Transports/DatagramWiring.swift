internal import Kernel

/// The protocol object above a datagram transport.
///
/// A constant in a separate object, so that it is called without a retain and a release. When the protocol object
/// changes, a new wiring replaces this one.
final class DatagramWiring {
    /// The wiring of transports that have released their protocol object; it can be shared because it has no state.
    nonisolated(unsafe) static let none = DatagramWiring(IgnoringDatagrams.shared)

    let receiver: any DatagramProtocol

    private init(_ receiver: IgnoringDatagrams) {
        self.receiver = receiver
    }

    /// - Throws: ``EventLoopError`` with `.invalidArgument` for an object that is not a datagram protocol.
    init(_ protocol: any BaseProtocol) throws(EventLoopError) {
        guard let receiver = `protocol` as? any DatagramProtocol else {
            throw .invalidArgument("setProtocol", "\(`protocol`) is no DatagramProtocol")
        }
        self.receiver = receiver
    }
}

/// Replaces a protocol object that was released.
private final class IgnoringDatagrams: DatagramProtocol, Sendable {
    static let shared = IgnoringDatagrams()

    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?) {}
}
