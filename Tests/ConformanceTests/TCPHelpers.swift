import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import ProactorTesting
import TestSupport
import Testing

/// The protocols of a server's connections, in the order of their creation.
final class Visitors {
    private let loop: any AbstractEventLoop
    private(set) var all: [StreamRecorder] = []
    /// Called with each protocol before the server gets it.
    var prepare: (StreamRecorder) -> Void = { _ in }

    init(_ loop: any AbstractEventLoop) {
        self.loop = loop
    }

    func make() -> StreamRecorder {
        let visitor = StreamRecorder(loop)
        prepare(visitor)
        all.append(visitor)
        return visitor
    }
}

/// A transport of the loop, and the blocking socket at the other end.
struct Link<P: ProtocolRecorder> {
    let loop: any AbstractEventLoop
    let told: P
    let transport: any StreamTransport
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
}

/// Passes a connection to code of a loop, and aborts it afterwards.
///
/// Expects that the protocol gets exactly one loss.
func withLink<P: ProtocolRecorder>(
    _ kind: LoopKind, _ make: @escaping @Sendable (any AbstractEventLoop) -> P, receiveBuffer: Int32? = nil,
    sourceLocation: SourceLocation = #_sourceLocation, _ body: @escaping @Sendable (Link<P>) async throws -> Void
) async throws {
    try await runLoop(kind, sourceLocation: sourceLocation) { loop, exceptions in
        let (socket, peer) = try RawPeer.pair(receiveBuffer: receiveBuffer)
        defer { peer.close() }
        let (transport, told) = try await loop.createConnection(socket: socket) { make(loop) }
        do {
            try await body(Link(loop: loop, told: told, transport: transport, peer: peer, exceptions: exceptions))
        } catch {
            transport.abort()
            throw error
        }
        transport.abort()
        try await told.waitUntilLost(sourceLocation: sourceLocation)
        try await loop.turns()
        #expect(told.count(.lost) == 1, sourceLocation: sourceLocation)
    }
}

func withLink(
    _ kind: LoopKind, receiveBuffer: Int32? = nil, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (Link<StreamRecorder>) async throws -> Void
) async throws {
    try await withLink(
        kind, { StreamRecorder($0) }, receiveBuffer: receiveBuffer, sourceLocation: sourceLocation, body)
}

/// Like `runLoop`, for a loop with a configuration of its own.
func runLoop(
    _ kind: LoopKind, _ configuration: ProactorConfiguration, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: @escaping @Sendable (any AbstractEventLoop) async throws -> Void
) async throws {
    let make: @Sendable () throws -> any AbstractEventLoop = {
        kind == .proactor ? try ProactorEventLoop(configuration: configuration) : try kind.make()
    }
    try await withCheckedLoop(LoopCheck(make: make, settle: { try $0.settle() }), sourceLocation: sourceLocation) {
        loop, _ in try loop.runUntilComplete { try await body(loop) }
    }
}

/// Runs code that must fail with an ``EventLoopError``, and returns the error.
func loopError<Value>(
    sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws -> Value
) async throws -> EventLoopError {
    do {
        let value = try await body()
        Issue.record("nothing was thrown, but \(value) returned", sourceLocation: sourceLocation)
        throw Overdue()
    } catch let error as EventLoopError { return error }
}

/// Expects that cancelling the task ends it with `CancellationError`.
func expectCancelled<Value>(
    _ task: LoopTask<Value>, sourceLocation: SourceLocation = #_sourceLocation
) async {
    task.cancel()
    do {
        let value = try await task.value
        Issue.record("the task returned \(value)", sourceLocation: sourceLocation)
    } catch { #expect(error is CancellationError, "\(error)", sourceLocation: sourceLocation) }
}
