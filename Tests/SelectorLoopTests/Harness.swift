import EventLoops
import Glibc
import Kernel
import Proactor
import SelectorLoop
import TestSupport
import Testing

/// A connection of a loop, and the plain nonblocking socket at the other end.
struct Line {
    let loop: SelectorEventLoop
    let recorder: StreamRecorder
    let transport: any StreamTransport
    let peer: Socket

    /// Reads what is available at the peer, up to a limit.
    func peerReads(atMost limit: Int = 65536) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: limit)
        let count = recv(peer.fileDescriptor, &bytes, limit, Int32(MSG_DONTWAIT))
        return Array(bytes.prefix(max(count, 0)))
    }

    func peerWrites(_ bytes: [UInt8]) {
        #expect(write(peer.fileDescriptor, bytes, bytes.count) == bytes.count)
    }
}

/// The kind of connection that a test uses.
enum LineKind {
    case local, network

    func make() throws -> (Socket, Socket) {
        self == .local ? try Socket.pair() : try Listening().pair()
    }
}

/// Runs code as a task of a loop with one connection.
///
/// Expects that nothing is watched, lent or open afterwards.
func withLine(
    _ selector: Selector, _ kind: LineKind = .local, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (Line) async throws -> Void
) async throws {
    let check = LoopCheck(
        make: { try SelectorEventLoop(selector: selector) },
        settle: { loop in
            let driver = try #require(loop as? SelectorEventLoop).driver
            #expect(driver.descriptorsWatched == 1, "descriptors still watched", sourceLocation: sourceLocation)
            #expect(driver.buffersLent == 0, "receive buffers still lent", sourceLocation: sourceLocation)
        })
    try await withCheckedLoop(check, sourceLocation: sourceLocation) { anyLoop, _ in
        let loop = try #require(anyLoop as? SelectorEventLoop)
        try loop.runUntilComplete {
            let (one, other) = try kind.make()
            let (transport, recorder) = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
            let line = Line(loop: loop, recorder: recorder, transport: transport, peer: other)
            try await body(line)
            transport.abort()
            try await loop.eventually("lost") { recorder.losses.count == 1 }
        }
    }
}
