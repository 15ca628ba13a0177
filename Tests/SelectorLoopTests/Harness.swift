import EventLoops
import Glibc
import Kernel
import Proactor
import SelectorLoop
import TestSupport
import Testing

/// One connection of a loop, and the plain nonblocking socket at its other end.
struct Line {
    let loop: SelectorEventLoop
    let told: Recorder
    let transport: any StreamTransport
    let peer: Socket

    /// What the peer has to read now, up to so many bytes.
    func peerReads(atMost limit: Int = 65536) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(peer.fileDescriptor, &bytes, limit, Int32(MSG_DONTWAIT))
        return Array(bytes.prefix(max(count, 0)))
    }

    func peerWrites(_ bytes: [UInt8]) {
        #expect(write(peer.fileDescriptor, bytes, bytes.count) == bytes.count)
    }

    /// Waits on the loop until something holds; records an issue if it does not come to hold.
    func until(_ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool) async throws {
        let overdue = loop.time.advanced(by: .seconds(20))
        while !holds() {
            if loop.time >= overdue {
                Issue.record(what, sourceLocation: sourceLocation)
                return
            }
            try await loop.sleep(for: .milliseconds(1))
        }
    }
}

/// Keeps what it is told.
final class Recorder: StreamProtocol {
    private(set) var received: [UInt8] = []
    private(set) var losses: [(any Error)?] = []
    private(set) var isPaused = false
    /// Called while the bytes are lent.
    var whenReceived: (RawSpan) -> Void = { _ in }

    func dataReceived(_ data: RawSpan) {
        data.withUnsafeBytes { received += $0 }
        whenReceived(data)
    }

    func pauseWriting() {
        isPaused = true
    }

    func resumeWriting() {
        isPaused = false
    }

    func connectionLost(_ error: (any Error)?) {
        losses.append(error)
        whenReceived = { _ in }
    }
}

/// Which kind of connection a test is about.
enum LineKind {
    case local, network

    func make() throws -> (Socket, Socket) {
        if self == .local { return try Socket.pair() }
        let listener = try Socket(family: .ipv4)
        try listener.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
        try listener.listen()
        let client = try Socket(family: .ipv4)
        do { try client.connect(to: listener.localAddress) } catch {
            guard error == .nowInProgress else { throw error }
        }
        var entry = pollfd(fd: listener.fileDescriptor, events: Int16(POLLIN), revents: 0)
        try #require(poll(&entry, 1, 10_000) == 1)
        return (try listener.accept().socket, client)
    }
}

/// Runs code as a task of a loop with one connection; afterwards nothing is watched, lent or open.
func withLine(
    _ selector: Selector, _ kind: LineKind = .local, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (Line) async throws -> Void
) async throws {
    try await onThread {
        let before = OpenSockets.open()
        do {
            let loop = try SelectorEventLoop(selector: selector)
            defer { #expect(throws: Never.self, sourceLocation: sourceLocation) { try loop.close() } }
            try loop.runUntilComplete {
                let (one, other) = try kind.make()
                let (transport, told) = try await loop.createConnection(socket: one) { Recorder() }
                let line = Line(loop: loop, told: told, transport: transport, peer: other)
                try await body(line)
                transport.abort()
                try await line.until("lost") { told.losses.count == 1 }
            }
            #expect(loop.driver.descriptorsWatched == 1, "descriptors still watched", sourceLocation: sourceLocation)
            #expect(loop.driver.buffersLent == 0, "receive buffers still read", sourceLocation: sourceLocation)
        }
        #expect(OpenSockets.left(since: before) == [], "sockets left open", sourceLocation: sourceLocation)
    }
}
