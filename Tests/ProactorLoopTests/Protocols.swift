import EventLoops
import Kernel
import ProactorLoop
import Testing

/// Notes what it is told.
class Recorder: StreamProtocol {
    private(set) var transport: (any StreamTransport)?
    private(set) var bytes: [UInt8] = []
    private(set) var hasEOF = false
    /// One entry for each time that the connection was lost: one, in the end.
    private(set) var losses: [(any Error)?] = []
    var onData: ((Recorder) -> Void)?
    var onEOF = EOFDisposition.close

    func connectionMade(_ transport: any StreamTransport) {
        #expect(self.transport == nil, "made twice")
        self.transport = transport
    }

    func dataReceived(_ data: RawSpan) {
        #expect(losses.isEmpty && !hasEOF, "bytes after the end")
        data.withUnsafeBytes { bytes += $0 }
        onData?(self)
    }

    func eofReceived() -> EOFDisposition {
        #expect(!hasEOF && losses.isEmpty, "the end came twice")
        hasEOF = true
        return onEOF
    }

    func connectionLost(_ error: (any Error)?) {
        losses.append(error)
        onData = nil
    }

    /// The error number with which the connection was lost.
    var errno: Errno? {
        guard let error = losses.first as? EventLoopError else { return nil }
        return error.errno
    }
}

/// Sends back what it gets, and notes it.
final class Echo: Recorder {
    override func dataReceived(_ data: RawSpan) {
        super.dataReceived(data)
        transport?.write(data)
    }
}

/// As ``Recorder``, with memory of its own for the kernel to fill.
final class BufferedRecorder: BufferedProtocol {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
    private(set) var transport: (any StreamTransport)?
    private(set) var bytes: [UInt8] = []
    private(set) var losses: [(any Error)?] = []

    deinit {
        memory.deallocate()
    }

    func connectionMade(_ transport: any StreamTransport) {
        self.transport = transport
    }

    func getBuffer(sizeHint: Int) -> UnsafeMutableRawBufferPointer {
        memory
    }

    func bufferUpdated(_ count: Int) {
        #expect(losses.isEmpty, "bytes after the end")
        bytes += memory.prefix(count)
    }

    func connectionLost(_ error: (any Error)?) {
        losses.append(error)
    }
}

/// Makes a protocol object for each connection and keeps them all.
final class Service<P: Recorder> {
    private(set) var connections: [P] = []
    private(set) var server: Server!
    private let loop: ProactorEventLoop

    private init(_ loop: ProactorEventLoop) {
        self.loop = loop
    }

    /// Listens on a port of the loopback network, any one if it is 0.
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

    /// Connects, and waits until both ends are there.
    func connected() async throws -> (P, Peer) {
        let count = connections.count
        let peer = try connect()
        try await loop.until("accepted") { connections.count > count }
        return (try #require(connections.last), peer)
    }

    /// Stops listening and waits until every connection has been lost, each once.
    func end(closing peers: [Peer] = [], sourceLocation: SourceLocation = #_sourceLocation) async throws {
        server.close()
        for peer in peers { peer.close() }
        try await loop.until("all lost", sourceLocation: sourceLocation) {
            connections.allSatisfy { !$0.losses.isEmpty }
        }
        #expect(connections.allSatisfy { $0.losses.count == 1 }, "lost more than once", sourceLocation: sourceLocation)
        connections = []
    }
}

/// A connection between a transport of the loop and a plain socket, over a Unix socket pair.
func pair<P: ConnectionProtocol>(_ loop: ProactorEventLoop, _ make: @escaping () -> P) async throws -> (
    P, any StreamTransport, Peer
) {
    let (one, other) = try Socket.pair()
    let (transport, connection) = try await loop.createConnection(socket: one, make)
    return (connection, transport, Peer(other, loop))
}

/// Bytes by which a loss, a repetition or a change of order shows.
func pattern(_ count: Int, seed: Int = 0) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761 &+ seed &* 40503) >> 13) }
}
