import EventLoops
import Kernel
import ProactorLoop
import TestSupport
import Testing

/// A server that keeps the protocol object of each connection.
final class Service<P: ProtocolRecorder> {
    private(set) var connections: [P] = []
    private(set) var server: Server!
    private let loop: ProactorEventLoop

    private init(_ loop: ProactorEventLoop) {
        self.loop = loop
    }

    /// Listens on a port on the loopback network; 0 for any.
    static func start(_ loop: ProactorEventLoop, port: Int = 0, backlog: Int = 1024, _ make: @escaping () -> P)
        async throws -> Service
    {
        let service = Service(loop)
        service.server = try await loop.createServer(host: "127.0.0.1", port: port, backlog: backlog) {
            let connection = make()
            service.connections.append(connection)
            return connection
        }
        return service
    }

    var address: SocketAddress {
        get throws { try #require(server.sockets.first?.localAddress) }
    }

    func connect() throws -> Peer {
        try Peer(to: address, loop)
    }

    /// Connects, and waits until both ends are connected.
    func connected() async throws -> (P, Peer) {
        let count = connections.count
        let peer = try connect()
        try await loop.eventually("accepted") { connections.count > count }
        return (try #require(connections.last), peer)
    }

    /// Stops listening and waits until every connection is lost.
    ///
    /// Expects one loss each.
    func end(closing peers: [Peer] = [], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        server.close()
        for peer in peers { peer.close() }
        try await loop.eventually("all lost", sourceLocation: sourceLocation) {
            connections.allSatisfy { !$0.losses.isEmpty }
        }
        #expect(connections.allSatisfy { $0.losses.count == 1 }, "lost more than once", sourceLocation: sourceLocation)
        connections = []
    }
}

/// Connects a transport of the loop to a plain socket, over a Unix socket pair.
func pair<P: ConnectionProtocol>(_ loop: ProactorEventLoop, _ make: @escaping () -> P) async throws -> (
    P, any StreamTransport, Peer
) {
    let (one, other) = try Socket.pair()
    let (transport, connection) = try await loop.createConnection(socket: one, make)
    return (connection, transport, Peer(other, loop))
}
