public import EventLoops

/// What is still alive in a loop; after a test has cleaned up, this should be nothing.
///
///     loop.stop()
///     try loop.runForever()               // one turn for pending releases
///     #expect(try loop.leftovers.isEmpty)
///
/// Releases take a turn or two: a closed transport notifies its protocol in the next turn, and a ring must still
/// complete cancelled operations.
public struct LoopLeftovers: Sendable, Hashable, CustomStringConvertible {
    /// Operations in flight, except the loop's own wake-up.
    public let operations: [PendingOperation]
    /// Receive buffers that are still lent to readers.
    public let receiveBuffersLent: Int
    /// Transports whose connection has not been lost.
    public let transports: [String]
    /// Servers that have not been closed.
    public let servers: [String]
    /// Descriptors that have a reader or a writer.
    public let watches: [String]
    /// Tasks that have not ended, except the current one.
    public let tasks: [String]
    /// Timers that are neither due nor cancelled.
    public let timers: Int

    /// Whether nothing is left.
    public var isEmpty: Bool {
        holdsNothing && transports.isEmpty && servers.isEmpty && watches.isEmpty && tasks.isEmpty && timers == 0
    }

    /// Whether no operation is in flight and no buffer is lent.
    ///
    /// Tasks, timers and paused connections may remain.
    public var holdsNothing: Bool {
        operations.isEmpty && receiveBuffersLent == 0
    }

    /// One line per item, or "nothing".
    public var description: String {
        var lines = (operations.map(\.description) + transports + servers + watches + tasks)
        if receiveBuffersLent > 0 { lines.append("receive buffers lent: \(receiveBuffersLent)") }
        if timers > 0 { lines.append("timers: \(timers)") }
        return lines.isEmpty ? "nothing" : lines.joined(separator: "\n")
    }
}

extension AbstractEventLoop {
    /// What is still alive in this loop.
    ///
    /// - Throws: ``EventLoopError`` with `.wrongThread` on another thread, or `.forkedChild` in a forked child.
    /// - Thread: The loop's thread.
    public var leftovers: LoopLeftovers {
        get throws(EventLoopError) {
            guard core.queue.allowsInspection else { throw core.queue.refusal("leftovers") }
            let asker = currentTask()
            let parts = LoopParts(core)
            return LoopLeftovers(
                operations: pendingOperations.filter { !$0.isWakeUp },
                receiveBuffersLent: core.report.figures.receiveBuffersLent, transports: parts.transports,
                servers: parts.servers, watches: parts.watches,
                tasks: allTasks.filter { $0 !== asker }.map { "\($0)" }.sorted(), timers: parts.timers)
        }
    }
}
