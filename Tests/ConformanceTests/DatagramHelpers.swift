import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

/// Records the calls of a datagram transport, and lets a task of the loop wait for one.
class DatagramRecorder: DatagramProtocol {
    enum Event: Equatable {
        case made, datagram, error, pause, resume, lost
    }

    struct Datagram {
        var bytes: [UInt8]
        var sender: SocketAddress?
        var info: DatagramInfo
    }

    let loop: any AbstractEventLoop
    /// The calls, oldest first.
    private(set) var events: [Event] = []
    var datagrams: [Datagram] = []
    private(set) var errors: [EventLoopError] = []
    /// The error of each `connectionLost`; finally, there must be exactly one entry.
    private(set) var losses: [(any Error)?] = []
    private(set) var transport: (any DatagramTransport)?
    /// Called inside each call, after it has been recorded.
    var when: (Event) -> Void = { _ in }
    private var changed: Future<Void>?

    init(_ loop: any AbstractEventLoop) {
        self.loop = loop
    }

    func connectionMade(_ transport: any DatagramTransport) {
        self.transport = transport
        note(.made)
    }

    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?) {
        datagramReceived(data, from: sender, info: DatagramInfo())
    }

    func datagramReceived(_ data: RawSpan, from sender: SocketAddress?, info: DatagramInfo) {
        #expect(transport?.isReading == true, "a datagram delivered by a transport that does not read")
        #expect(losses.isEmpty, "a datagram delivered after the loss")
        datagrams.append(Datagram(bytes: data.withUnsafeBytes { Array($0) }, sender: sender, info: info))
        note(.datagram)
    }

    func errorReceived(_ error: EventLoopError) {
        errors.append(error)
        note(.error)
    }

    func pauseWriting() {
        note(.pause)
    }

    func resumeWriting() {
        note(.resume)
    }

    func connectionLost(_ error: (any Error)?) {
        losses.append(error)
        note(.lost)
        when = { _ in }
    }

    private func note(_ event: Event) {
        events.append(event)
        when(event)
        guard let changed, !changed.isDone else { return }
        self.changed = nil
        try? changed.setResult(())
    }

    func count(_ event: Event) -> Int {
        events.count { $0 == event }
    }

    /// Suspends until a call after which the condition holds.
    func wait(
        sourceLocation: SourceLocation = #_sourceLocation, until holds: () -> Bool
    ) async throws {
        let deadline = loop.time.advanced(by: .seconds(30))
        while !holds() {
            let next = loop.createFuture(of: Void.self)
            changed = next
            let timer = loop.callAt(deadline) { if !next.isDone { try next.setException(Overdue()) } }
            defer { timer.cancel() }
            do { try await next.value } catch {
                Issue.record(error, "calls so far: \(events)", sourceLocation: sourceLocation)
                throw error
            }
        }
    }
}

/// Sends what it receives back.
final class EchoDatagrams: DatagramRecorder {
    override func datagramReceived(_ data: RawSpan, from sender: SocketAddress?, info: DatagramInfo) {
        transport?.sendTo(data, sender)
        super.datagramReceived(data, from: sender, info: info)
    }
}

/// An endpoint of the loop under test, and its protocol object.
struct Endpoint<P: DatagramRecorder> {
    let loop: any AbstractEventLoop
    let transport: any DatagramTransport
    let told: P

    var address: SocketAddress {
        get throws { try #require(transport.localAddress) }
    }

    /// Ends the endpoint and expects exactly one loss.
    func end(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        transport.abort()
        try await told.wait(sourceLocation: sourceLocation) { told.count(.lost) > 0 }
        try await loop.turns()
        #expect(told.count(.lost) == 1, sourceLocation: sourceLocation)
        #expect(told.events.first == .made && told.events.last == .lost, sourceLocation: sourceLocation)
    }
}

extension LoopKind {
    /// The kinds whose channels make system calls when a descriptor is ready.
    static let byReadiness: [LoopKind] = [.epoll, .poll, .select]
}

let anyPort = (host: "127.0.0.1", port: 0)

extension AbstractEventLoop {
    /// Makes an endpoint that is bound to a free port of the loopback interface.
    func endpoint() async throws -> Endpoint<DatagramRecorder> {
        let (transport, told) = try await createDatagramEndpoint(localAddress: anyPort) { DatagramRecorder(self) }
        return Endpoint(loop: self, transport: transport, told: told)
    }

    /// Makes an endpoint that is bound to a free port and connected.
    func endpoint(connectedTo remote: SocketAddress) async throws -> Endpoint<DatagramRecorder> {
        let (transport, told) = try await createDatagramEndpoint(
            localAddress: anyPort, remoteAddress: (host: remote.host ?? "", port: remote.port ?? 0)
        ) { DatagramRecorder(self) }
        return Endpoint(loop: self, transport: transport, told: told)
    }

    /// Makes an endpoint from a socket.
    func endpoint(_ socket: Socket) async throws -> Endpoint<DatagramRecorder> {
        let (transport, told) = try await createDatagramEndpoint(socket: socket) { DatagramRecorder(self) }
        return Endpoint(loop: self, transport: transport, told: told)
    }
}

/// Carries an endpoint out of a run of its loop, on the same thread.
final class EndpointBox: Sendable {
    nonisolated(unsafe) var endpoint: Endpoint<DatagramRecorder>?
    nonisolated(unsafe) weak var told: DatagramRecorder?
}

/// Runs code with two endpoints that are not connected, and ends them afterwards.
func withEndpoints(
    _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (Endpoint<DatagramRecorder>, Endpoint<DatagramRecorder>) async throws -> Void
) async throws {
    try await runLoop(kind, sourceLocation: sourceLocation) { loop, _ in
        let (one, other) = (try await loop.endpoint(), try await loop.endpoint())
        do { try await body(one, other) } catch {
            one.transport.abort()
            other.transport.abort()
            throw error
        }
        try await one.end(sourceLocation: sourceLocation)
        try await other.end(sourceLocation: sourceLocation)
    }
}

/// A datagram socket that no loop uses; its calls do not wait.
final class RawDatagrams: Sendable {
    let socket: Socket
    let address: SocketAddress

    init(_ socket: Socket) throws {
        self.socket = socket
        address = try socket.localAddress
    }

    convenience init(receiveBuffer: Int32? = nil) throws {
        try self.init(at: try SocketAddress(ipAddress: "127.0.0.1", port: 0), receiveBuffer: receiveBuffer)
    }

    convenience init(at address: SocketAddress, receiveBuffer: Int32? = nil) throws {
        let socket = try Socket(family: address.family, type: Socket.datagram)
        if let receiveBuffer { try socket.setOption(SO_RCVBUF, level: SOL_SOCKET, to: receiveBuffer) }
        try socket.bind(to: address)
        try self.init(socket)
    }

    /// Two connected Unix datagram sockets without names: one for a loop.
    static func pair() throws -> (Socket, RawDatagrams) {
        var ends: (Int32, Int32) = (-1, -1)
        let type = Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        try withUnsafeMutablePointer(to: &ends) { ends in
            try ends.withMemoryRebound(to: Int32.self, capacity: 2) { ends in
                try SystemCall.nothing { socketpair(AF_UNIX, type, 0, ends) }
            }
        }
        return (Socket(takingOwnershipOf: ends.0), try RawDatagrams(Socket(takingOwnershipOf: ends.1)))
    }

    func send(_ bytes: [UInt8], to address: SocketAddress) throws {
        let descriptor = socket.fileDescriptor
        _ = try address.withSockAddr { pointer, length in
            try SystemCall.count { sendto(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL), pointer, length) }
        }
    }

    /// Sends to the socket's peer.
    func send(_ bytes: [UInt8]) throws {
        let descriptor = socket.fileDescriptor
        _ = try SystemCall.count { Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }
    }

    /// The next datagram; nil if there is none yet.
    func receive() -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 256 * 1024)
        let count = recv(socket.fileDescriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
        return count < 0 ? nil : Array(bytes.prefix(count))
    }

    /// The next datagram, for which a task of the loop waits.
    func next(on loop: any AbstractEventLoop, sourceLocation: SourceLocation = #_sourceLocation) async throws -> [UInt8]
    {
        var datagram: [UInt8]?
        try await loop.eventually("a datagram arrives", sourceLocation: sourceLocation) {
            datagram = receive()
            return datagram != nil
        }
        return datagram ?? []
    }

    func close() {
        socket.close()
    }
}

/// A path for a Unix socket that no other test uses, and that is removed afterwards.
final class SocketPath {
    let path = "/tmp/proactor-dgram-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"

    var address: SocketAddress {
        get throws { try SocketAddress(unixPath: path) }
    }

    deinit {
        unlink(path)
    }
}
