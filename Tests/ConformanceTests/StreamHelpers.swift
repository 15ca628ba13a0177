import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

/// A stream reader and writer, and the blocking socket at the other end.
struct StreamLink {
    let loop: any AbstractEventLoop
    let reader: StreamReader
    let writer: StreamWriter
    let peer: RawPeer
    let exceptions: ExceptionRecorder

    /// Runs blocking code with the peer on a thread of its own, and waits for it.
    func onPeer<Value: Sendable>(_ body: @escaping @Sendable (RawPeer) throws -> Value) async throws -> Value {
        try await startPeer(body).value
    }

    /// Starts blocking code with the peer on a thread of its own.
    func startPeer<Value: Sendable>(_ body: @escaping @Sendable (RawPeer) throws -> Value) -> Task<Value, any Error> {
        let peer = peer
        return Task { try await onThread { try body(peer) } }
    }

    /// Sends from the peer, and waits until the bytes have reached the reader.
    func feed(_ bytes: [UInt8]) async throws {
        try peer.send(bytes)
        try await loop.sleep(for: .milliseconds(10))
    }

    func feed(_ text: String) async throws {
        try await feed(Array(text.utf8))
    }
}

/// Passes a reader and a writer to code of a loop, and aborts the connection afterwards.
func withStreams(
    _ kind: LoopKind, limit: Int = 64 * 1024, receiveBuffer: Int32? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping @Sendable (StreamLink) async throws -> Void
) async throws {
    try await runLoop(kind, sourceLocation: sourceLocation) { loop, exceptions in
        let (socket, peer) = try RawPeer.pair(receiveBuffer: receiveBuffer)
        defer { peer.close() }
        let (reader, writer) = try await loop.openConnection(socket: socket, limit: limit)
        defer { writer.transport.abort() }
        // Ends a test that waits for lost bytes.
        let watchdog = loop.callLater(.seconds(30)) {
            Issue.record("the streams wait forever", sourceLocation: sourceLocation)
            writer.transport.abort()
        }
        defer { watchdog.cancel() }
        try await body(StreamLink(loop: loop, reader: reader, writer: writer, peer: peer, exceptions: exceptions))
    }
}

func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
}

extension Server {
    func closeAndWait() async throws {
        close()
        try await waitClosed()
    }
}
