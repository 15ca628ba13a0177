public import EventLoops

/// What is still alive in a loop: a test that has cleaned up finds nothing.
///
///     loop.stop()
///     try loop.runForever()               // lets what has ended leave
///     #expect(try loop.leftovers.isEmpty)
///
/// What ends takes a turn or two to leave: a closed transport tells its protocol in the next one, and a ring says that
/// it has let go of what was cancelled.
public struct LoopLeftovers: Sendable, Hashable, CustomStringConvertible {
    /// What the kernel was asked for and has not done, but for the loop's own wake-up.
    public let operations: [PendingOperation]
    /// Receive buffers whose bytes somebody still reads.
    public let receiveBuffersLent: Int
    /// Transports that are not lost.
    public let transports: [String]
    /// Servers that are not closed.
    public let servers: [String]
    /// Descriptors that have a reader or a writer.
    public let watches: [String]
    /// Tasks that have not ended, but for the one that asks.
    public let tasks: [String]
    /// Timers that are neither due nor cancelled.
    public let timers: Int

    /// Whether nothing is left.
    public var isEmpty: Bool {
        holdsNothing && transports.isEmpty && servers.isEmpty && watches.isEmpty && tasks.isEmpty && timers == 0
    }

    /// Whether the kernel has nothing of the loop's, and nobody a buffer: tasks, timers and paused connections may be
    /// left.
    public var holdsNothing: Bool {
        operations.isEmpty && receiveBuffersLent == 0
    }

    /// What is left, a line for each; "nothing" if it is empty.
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
    /// - Throws: ``EventLoopError`` with `.wrongThread` or `.forkedChild` where that cannot be known: ask on the loop's
    ///   thread.
    public var leftovers: LoopLeftovers {
        get throws(EventLoopError) {
            guard core.queue.showsItselfToCurrentThread else { throw core.queue.refusal("leftovers") }
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
