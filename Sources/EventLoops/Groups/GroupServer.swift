public import Kernel
import Synchronization

/// A server whose connections are served by all loops of a group.
///
/// - Thread: Any.
///
/// asyncio has no groups.
public final class GroupServer: Sendable, CustomStringConvertible {
    private let shares: [ServerShare]
    /// Whether the first loop accepts for all.
    private let hasAcceptor: Bool
    private let closing = Atomic(false)
    /// The addresses on which the server listens, or listened until it was closed.
    public let addresses: [SocketAddress]

    /// - Parameter shares: One per loop. If there is an acceptor, it is the first.
    init(_ shares: [ServerShare], hasAcceptor: Bool, addresses: [SocketAddress]) {
        self.shares = shares
        self.hasAcceptor = hasAcceptor
        self.addresses = addresses
    }

    /// The port of the first address, for instance the one that the kernel chose for port 0.
    public var port: Int? {
        addresses.first?.port
    }

    /// Whether the server accepts connections.
    public var isServing: Bool {
        !closing.load(ordering: .relaxed)
    }

    /// The number of open connections, including those in transit to their loop.
    ///
    /// A connection that was moved to another loop with `move` is not counted.
    public var connectionCount: Int {
        connectionCounts.reduce(0, +)
    }

    /// The number of open connections of each loop, in the order of ``EventLoopGroup/loops``.
    public var connectionCounts: [Int] {
        shares.map(\.load)
    }

    /// Serves until the calling task is cancelled or the server is closed, then closes the server.
    ///
    /// Unlike ``waitClosed()``, this does not wait for open connections.
    ///
    /// - Throws: `CancellationError` when it ends for either reason; ``EventLoopError``: `.invalidState` for a second
    ///   caller; `.closed` if a loop of the group is closed.
    /// - Cancellation: The normal way to end this call.
    public func serveForever() async throws {
        defer { close() }
        let first = shares[0]
        try await first.loop.runCoroutineThreadsafe { try await first.server.serveForever() }
    }

    // MARK: Ending

    /// Stops listening; existing connections stay open.
    ///
    /// Takes effect in each loop's next turn; ``waitClosed()`` and ``close(deadline:)`` wait for that. Connections that
    /// have not been accepted are reset. Idempotent.
    public func close() {
        guard !closing.exchange(true, ordering: .relaxed) else { return }
        guard hasAcceptor else {
            for share in shares { share.post { $0.close() } }
            return
        }
        // The acceptor's thread posts the end to the others: it must not overtake connections that were accepted.
        let others = shares.dropFirst()
        shares[0].post { server in
            server.close()
            for share in others { share.post { $0.close() } }
        }
    }

    /// Stops listening, lets the connections finish, and aborts those that are still open at the deadline.
    ///
    /// Connections that wait in the kernel to be accepted are served like all others. Protocols and handlers see the
    /// same as with a server of one loop: see ``Server/close(deadline:)``.
    ///
    /// - Parameter deadline: How long the connections may take; zero or less aborts them at once.
    /// - Returns: How many connections ended in time and how many did not, on all loops.
    /// - Throws: `CancellationError` if the task is cancelled or a loop of the group closes meanwhile.
    /// - Cancellation: Aborts all connections at once, closes the server, and throws. Also if the task is already
    ///   cancelled, for instance `main` of `run` after SIGTERM.
    @discardableResult
    public func close(deadline: Duration) async throws -> ServerCloseReport {
        closing.store(true, ordering: .relaxed)
        do {
            // Connections that end before their share begins to close count, too.
            var totals: [ServerTotals] = []
            for share in shares { totals.append(try await share.totals()) }
            return try await withThrowingTaskGroup(of: ServerCloseReport?.self) { tasks in
                for (share, totals) in zip(shares, totals) {
                    tasks.addTask { try await share.close(deadline: deadline, since: totals) }
                    // The other shares close after the acceptor has passed on its last connection.
                    if hasAcceptor, share === shares[0] { try await share.acceptLast() }
                }
                var reports: [ServerCloseReport] = []
                for try await report in tasks { if let report { reports.append(report) } }
                return ServerCloseReport(sumOf: reports)
            }
        } catch {
            // Some shares may not have begun to close.
            for share in shares {
                share.post {
                    $0.close()
                    $0.abortClients()
                }
            }
            throw error
        }
    }

    /// Closes every connection of the server, after sending its pending bytes.
    public func closeClients() {
        for share in shares { share.post { $0.closeClients() } }
    }

    /// Aborts every connection of the server: pending bytes are dropped.
    public func abortClients() {
        for share in shares { share.post { $0.abortClients() } }
    }

    /// Waits until the server is closed and its last connection is lost.
    ///
    /// - Throws: `CancellationError` if the task is cancelled or a loop of the group closes meanwhile.
    /// - Cancellation: Ends the wait; the server is not affected.
    public func waitClosed() async throws {
        for share in shares { try await share.onLoop { try await $0.waitClosed() } }
    }

    /// The number of loops, the addresses, and the number of connections.
    public var description: String {
        let names = addresses.map { "\($0)" }.joined(separator: ", ")
        let state = isServing ? "on" : "closed, formerly on"
        return "<GroupServer \(state) \(names) with \(shares.count) loops, \(connectionCount) connections>"
    }
}

extension ServerShare {
    /// Runs async code on the share's loop; returns nil if the loop is closed, because then its server is closed, too.
    fileprivate func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (Server) async throws -> Value
    ) async throws -> Value? {
        do {
            return try await loop.runCoroutineThreadsafe { [server] in try await body(server) }
        } catch let error as EventLoopError where error.code == .closed { return nil }
    }

    fileprivate func totals() async throws -> ServerTotals {
        try await onLoop { $0.totals } ?? ServerTotals()
    }

    fileprivate func close(deadline: Duration, since totals: ServerTotals) async throws -> ServerCloseReport? {
        try await onLoop { try await $0.close(deadline: deadline, since: totals) }
    }

    /// Waits until the server, which is about to close, has stopped accepting.
    fileprivate func acceptLast() async throws {
        _ = try await onLoop { server in
            try await server.waitDraining()
            while server.listeners.contains(where: \.isAccepting) { try await server.core.yieldTurn() }
        }
    }

    /// Runs `body` on the share's loop, in its next turn; if the loop is closed, so is its server.
    fileprivate func post(_ body: @escaping @Sendable (Server) -> Void) {
        _ = try? loop.callSoonThreadsafe { [server] in body(server) }
    }
}
