internal import Kernel
import Synchronization

/// Moves one connection from its loop to another.
///
/// Thread of the connection's former loop only; once that loop is closed, on the thread for orphaned jobs.
final class ConnectionMove: @unchecked Sendable {
    private let transport: SocketTransport
    private let ended: WaitList
    private var outcome: Result<any StreamTransport, EventLoopError>?

    init(_ transport: SocketTransport) {
        self.transport = transport
        ended = WaitList(queue: transport.core.queue)
    }

    /// Moves the connection.
    ///
    /// - Parameters:
    ///   - unread: Bytes that the former protocol object has received but not used.
    ///   - makeProtocol: Makes the next protocol object, on the target's thread.
    /// - Returns: The next transport.
    func run(
        to target: LoopCore, unread: [UInt8], _ makeProtocol: @escaping @Sendable () -> any ConnectionProtocol
    ) async throws -> any StreamTransport {
        try transport.leave { [self] connection in
            guard var connection else { return end(.failure(Self.aborted)) }
            connection.receiving.unread.insert(contentsOf: unread, at: 0)
            send(connection, to: target, makeProtocol)
        }
        try await ended.waitOrThrow("move")
        return try outcome.unsafelyUnwrapped.get()
    }

    private func send(
        _ connection: Departure, to target: LoopCore, _ makeProtocol: @escaping @Sendable () -> any ConnectionProtocol
    ) {
        let passage = Passage(connection) { [queue = transport.core.queue] result in
            // Runs even if the former loop has closed: the protocol object has to be released.
            queue.performLater { self.arrived(result) }
        }
        // If the loop refuses the callback or drops it, the passage is released.
        _ = target.post(at: nil) {
            passage.end(at: target, target.upcall(ActivityName(kind: .factory)) { makeProtocol() })
        }
    }

    private func arrived(_ result: Result<any StreamTransport, EventLoopError>) {
        switch result {
        case .success: transport.hasMoved()
        case .failure(let error): transport.isLost(with: error)
        }
        end(result)
    }

    private func end(_ result: Result<any StreamTransport, EventLoopError>) {
        outcome = result
        ended.resumeAll()
    }

    private static var aborted: EventLoopError {
        EventLoopError(.closed, "move", detail: "The connection was aborted before it had left its loop")
    }
}

/// A connection in transit, in the inbox of its next loop.
///
/// If it is released there, because the loop has closed, the connection is closed and the move has failed.
private final class Passage: Sendable {
    private let connection: Departure
    private let report: @Sendable (Result<any StreamTransport, EventLoopError>) -> Void
    private let hasEnded = Atomic(false)

    init(
        _ connection: Departure, report: @escaping @Sendable (Result<any StreamTransport, EventLoopError>) -> Void
    ) {
        self.connection = connection
        self.report = report
    }

    deinit {
        if !hasEnded.load(ordering: .relaxed) { report(.failure(.closed("move", "The target loop"))) }
    }

    /// Makes the next transport.
    ///
    /// - Thread: The target's.
    func end(at target: LoopCore, _ protocol: any BaseProtocol) {
        hasEnded.store(true, ordering: .relaxed)
        if target.queue.isInForkedChild { return }
        do throws(EventLoopError) {
            let transport = try SocketTransport(core: target, resuming: connection, protocol: `protocol`)
            try transport.begin()
            // Closing is deferred, so the descriptor is still open.
            _ = connection.descriptor.take()
            report(.success(transport))
        } catch {
            report(.failure(error))
        }
    }
}
