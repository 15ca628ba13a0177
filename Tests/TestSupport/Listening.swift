internal import Glibc
package import Kernel

/// A nonblocking listening socket on the loopback network that no loop uses.
package final class Listening: Sendable {
    package let socket: Socket
    package let address: SocketAddress

    package init(backlog: Int = 100) throws {
        socket = try Socket(family: .ipv4)
        try socket.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try socket.listen(backlog: backlog)
        address = try socket.localAddress
    }

    package var port: Int {
        address.port ?? 0
    }

    /// Makes a connection and returns the accepted end and the connecting end.
    package func pair() throws -> (accepted: Socket, client: Socket) {
        let client = try Socket(family: .ipv4)
        do { try client.connect(to: address) } catch {
            guard error == .nowInProgress else { throw error }
        }
        var entry = pollfd(fd: socket.fileDescriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 10_000) == 1 else { throw Errno.timedOut }
        return (try socket.accept().socket, client)
    }
}
