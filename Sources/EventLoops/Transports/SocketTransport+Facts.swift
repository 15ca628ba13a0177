package import Kernel

/// The state of the connection, and its two ends.
extension SocketTransport: CustomStringConvertible {
    package var isClosing: Bool {
        switch state {
        case .made, .open: false
        case .flushing, .closing, .lost: true
        }
    }

    package var canWriteEOF: Bool { true }

    package var socket: TransportSocket {
        TransportSocket(descriptor, core.sockets)
    }

    package var peerAddress: SocketAddress? {
        knownPeer
    }

    package var localAddress: SocketAddress? {
        switch state {
        case .made, .open, .flushing: socket.localAddress
        case .closing, .lost: lastLocalAddress
        }
    }

    package func extraInfo(_ name: String) -> (any Sendable)? {
        switch name {
        case "peername": peerAddress
        case "sockname": localAddress
        case "socket": socket
        default: nil
        }
    }

    package var description: String {
        "<SocketTransport fd=\(descriptor) \(state)\(peerAddress.map { " peer \($0)" } ?? "")>"
    }
}
