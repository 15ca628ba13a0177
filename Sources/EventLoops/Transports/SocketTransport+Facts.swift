package import Kernel

/// Who is connected to whom.
extension SocketTransport: CustomStringConvertible {
    package var socket: TransportSocket {
        TransportSocket(descriptor)
    }

    package var peerAddress: SocketAddress? {
        knownPeer
    }

    package var localAddress: SocketAddress? {
        state == .lost ? nil : socket.localAddress
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
