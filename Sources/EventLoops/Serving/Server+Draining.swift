extension Server {
    /// Stops listening, lets the connections finish, and aborts those that are still open at the deadline.
    ///
    /// Connections that wait in the kernel's queue are accepted first, because closing the listening socket would reset
    /// them; they are served like all others. A connection whose handshake completes between the last accept and the
    /// close is reset. This does not happen if another process listens on the same socket, or on the same port with
    /// `reusePort` and the sysctl `net.ipv4.tcp_migrate_req` is 1.
    ///
    /// Protocols learn of the drain from ``ConnectionProtocol/serverIsDraining()``, handlers from
    /// ``StreamWriter/isServerDraining`` and ``StreamWriter/waitServerDraining()``, and other code from ``isDraining``
    /// and ``waitDraining()``. Nothing else happens to an open connection before the deadline. A connection that has
    /// moved to another loop does not take part.
    ///
    /// Several calls may run at the same time; the earliest deadline applies. On a server that is already closed, the
    /// connections that are still open are treated in the same way.
    ///
    /// - Parameter deadline: How long the connections may take; zero or less aborts them at once.
    /// - Returns: How many connections ended in time, how many did not, and how long it took.
    /// - Throws: `CancellationError` if the task is cancelled or the loop closes; ``EventLoopError``: `.closed`;
    ///   `.wrongThread`.
    /// - Cancellation: Aborts all connections at once, closes the server, and throws. Also if the task is already
    ///   cancelled, for instance `main` of `run` after SIGTERM.
    /// - Thread: A task of the loop.
    @discardableResult
    public func close(deadline: Duration) async throws -> ServerCloseReport {
        try await close(deadline: deadline, since: totals)
    }

    /// Like ``close(deadline:)``, with a report that begins at earlier totals.
    func close(deadline: Duration, since before: ServerTotals) async throws -> ServerCloseReport {
        try core.checkTask("close")
        let began = core.now
        var failure: (any Error)?
        do { try await drain(until: began.advanced(by: max(deadline, .zero))) } catch { failure = error }
        guard core.queue.isTurning else {
            core.queue.performOnLoop { self.endDrain() }
            throw failure ?? core.queue.refusal("close")
        }
        endDrain()
        // Aborted connections end within a few turns. A closed loop has dropped them.
        if !hasEnded, !core.isClosed { await ended.waitUncancelled() }
        if let failure { throw failure }
        return totals.report(since: before, took: began.duration(to: core.now))
    }

    /// Waits until the server begins to drain or is closed.
    ///
    /// - Throws: `CancellationError` if the task is cancelled or the loop closes; ``EventLoopError``: `.closed`;
    ///   `.wrongThread`.
    /// - Cancellation: Ends the wait; the server is not affected.
    /// - Thread: A task of the loop.
    public func waitDraining() async throws {
        try core.checkTask("waitDraining")
        if isListening { try await drainBegins.waitOrThrow("waitDraining") }
    }

    /// Waits until no connection is left or the deadline has passed.
    private func drain(until deadline: LoopInstant) async throws {
        beginDrain()
        try Task.checkCancellation()
        let timer = core.callAt(deadline) { [drainEvents] in drainEvents.resumeAll() }
        defer { timer.cancel() }
        // The kernel may deliver connections until the accepts are cancelled.
        while listeners.contains(where: \.isAccepting) { try await core.yieldTurn() }
        demand?.changed.resumeAll()
        while !members.isEmpty || held.count > 0, core.now < deadline {
            try await drainEvents.waitOrThrow("close")
        }
    }

    private func beginDrain() {
        guard isListening else { return }
        if state == .serving { for listener in listeners { listener.acceptWaiting(backlog: backlog) } }
        stopListening()
        core.note(.info, "\(self) is draining")
        drainBegins.resumeAll()
        for transport in members.values { notifyOfDrain(transport) }
    }

    /// Aborts the remaining connections, and closes the server.
    private func endDrain() {
        let left = hasAborted ? [] : Array(members.values)
        hasAborted = true
        for transport in left {
            totals.aborted += 1
            totals.unsentBytes += (transport as? any WriteTransport)?.writeBufferSize ?? 0
            transport.abort()
        }
        if state != .closed { finishClosing() }
    }
}
