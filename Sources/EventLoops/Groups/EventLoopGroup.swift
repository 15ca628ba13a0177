internal import Kernel
import Synchronization

/// Several loops, each on a thread of its own.
///
///     let group = try EventLoopGroup(loops: .perCore)
///     let length = try await group.next().runCoroutineThreadsafe { … }
///     try await group.shutdown()
///
/// Loops share nothing: a protocol object, a stream or a future belongs to one loop and is used on its thread alone.
/// From other threads, use a loop of the group with `callSoonThreadsafe` and `runCoroutineThreadsafe`. To serve on all
/// loops, call `createServer` of the group.
///
/// A post to another loop goes through that loop's inbox: no system call if the loop is awake, otherwise one write to
/// its event descriptor. `IORING_OP_MSG_RING` is not faster and can fail in more ways.
///
/// - Thread: Any, except where a method says otherwise.
///
/// asyncio has no groups.
public final class EventLoopGroup: Sendable, CustomStringConvertible {
    /// The group's loops, in the order of their threads' numbers.
    public let loops: [any AbstractEventLoop]
    let life: GroupLife
    /// Whether the first loop runs on the thread of ``run(loops:pinned:deadline:debug:signals:loopFactory:_:)``, which
    /// is not one of this group's threads.
    private let isFirstForeign: Bool
    private let turn = Atomic(0)

    /// Starts the threads and waits until each has made its loop, which then runs.
    ///
    /// - Parameters:
    ///   - count: The number of loops.
    ///   - name: The prefix of the threads' names, which end with their numbers; the kernel keeps 15 bytes.
    ///   - pinned: Whether each thread may run on one processor only, in the order of the processors' numbers.
    ///   - loopFactory: Makes each loop, on that loop's thread. In the module Proactor it may be omitted.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for less than one loop; `.system` if a thread cannot be started
    ///   or pinned. Any error of the factory. In these cases, no thread keeps running.
    /// - Thread: Any thread that is allowed to block.
    public convenience init(
        loops count: LoopCount, name: String = "loop", pinned: Bool = false,
        loopFactory: @escaping @Sendable () throws -> any AbstractEventLoop
    ) throws {
        try self.init(first: nil, count, name, pinned, loopFactory)
    }

    /// - Parameter first: A loop that another party runs and closes.
    package init(
        first: (any AbstractEventLoop)?, _ count: LoopCount, _ name: String, _ isPinned: Bool,
        _ loopFactory: @escaping @Sendable () throws -> any AbstractEventLoop
    ) throws {
        let count = count.count
        guard count > 0 else {
            throw EventLoopError.invalidArgument("EventLoopGroup", "A group has at least one loop, not \(count)")
        }
        let life = GroupLife()
        let foreign = first == nil ? 0 : 1
        for number in foreign..<max(foreign, count) {
            GroupThread.start(
                number: number, name: name, isPinned: isPinned, life: life, loopFactory: loopFactory)
        }
        self.life = life
        isFirstForeign = foreign == 1
        loops = (first.map { [$0] } ?? []) + (try life.loops(of: count - foreign))
    }

    deinit {
        if life.end(by: LoopClock.monotonic.now()), loops.count > (isFirstForeign ? 1 : 0) {
            Log.write(.warning, "unclosed event loop group: call shutdown() before releasing a group")
        }
    }

    // MARK: Choosing

    /// Returns the loops in turn: each call returns the next one.
    ///
    /// - Returns: A loop that is not closed, if there is one.
    public func next() -> any AbstractEventLoop {
        for _ in 1..<loops.count {
            let loop = loopInTurn()
            if !loop.isClosed { return loop }
        }
        return loopInTurn()
    }

    private func loopInTurn() -> any AbstractEventLoop {
        let number = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return loops[Int(UInt(bitPattern: number) % UInt(loops.count))]
    }

    /// The loop that runs on the calling thread if it belongs to the group; otherwise the same as ``next()``.
    public var any: any AbstractEventLoop {
        current ?? next()
    }

    /// The loop of the group that runs on the calling thread.
    var current: (any AbstractEventLoop)? {
        loops.first { $0.core.queue.isTurning }
    }

    /// The loop with the fewest open connections; if there are several, each of them in turn.
    ///
    /// Counts may be one turn old. To start many connections at once, use ``next()`` for each.
    public var leastLoaded: any AbstractEventLoop {
        let first = next()
        return loops.reduce(first) { best, loop in
            !loop.isClosed && loop.core.counters.connections.value < best.core.counters.connections.value ? loop : best
        }
    }

    // MARK: Ending

    /// The errors of loops whose run has failed.
    ///
    /// Such a loop is closed, and ``next()`` no longer returns it. The error was also passed to the loop's exception
    /// handler.
    public var failures: [any Error] {
        life.failures
    }

    /// Ends the group, and waits until its threads have ended.
    ///
    /// On each loop, the tasks are cancelled and awaited, then the loop is closed, which aborts its connections. To
    /// let connections finish first, close their servers with ``GroupServer/close(deadline:)``. Idempotent.
    ///
    /// - Parameter deadline: How long the tasks may take to end. After that, the loops are closed nevertheless. A
    ///   thread that is blocked in a callback cannot be ended; it ends its loop as soon as the callback returns.
    /// - Throws: ``EventLoopError``: `.timedOut` if tasks or threads have not ended in time; `.invalidState` in a task
    ///   of one of the group's own threads, which would wait for itself. Otherwise the first of ``failures``.
    /// - Cancellation: Ignored: the group ends in any case.
    public func shutdown(deadline: Duration = .seconds(30)) async throws {
        try await end(deadline, Self.grace)
    }

    /// - Parameter grace: How much longer the threads may take than the tasks.
    package func end(_ deadline: Duration, _ grace: Duration) async throws {
        try refuseOnOwnThread()
        let life = life
        let latest = beginEnd(deadline, grace)
        let late = await withUnsafeContinuation { (continuation: UnsafeContinuation<Set<String>, Never>) in
            let failure = DetachedThread.start(name: "loops-end") {
                continuation.resume(returning: life.waitForEnd(until: latest))
            }
            if failure != 0 { continuation.resume(returning: life.waitForEnd(until: latest)) }
        }
        try throwFailure(late)
    }

    /// Like ``shutdown(deadline:)-(Duration)`` for code that is not async.
    ///
    /// - Parameter deadline: How long the tasks may take to end.
    /// - Throws: The same.
    /// - Thread: Any thread that is allowed to block, except for the group's own.
    @available(*, noasync, message: "await the async form")
    public func shutdown(deadline: Duration = .seconds(30)) throws {
        try refuseOnOwnThread()
        let latest = beginEnd(deadline, Self.grace)
        try throwFailure(life.waitForEnd(until: latest))
    }

    /// Closing a loop may take a second; a loaded machine needs some time in any case.
    private static let grace = Duration.seconds(3)

    /// Requests the end, unless an earlier call has; returns the time until which to wait for the threads.
    private func beginEnd(_ deadline: Duration, _ grace: Duration) -> Int64 {
        let end = LoopInstant(nanoseconds: LoopClock.monotonic.now()).advanced(by: max(deadline, .zero))
        life.end(by: end.nanoseconds)
        return LoopInstant(nanoseconds: life.deadline ?? end.nanoseconds).advanced(by: grace).nanoseconds
    }

    private func throwFailure(_ late: Set<String>) throws {
        guard late.isEmpty else {
            let names = late.sorted().joined(separator: ", ")
            throw EventLoopError(
                .timedOut, "shutdown",
                detail: "Blocked in a callback, so that they could not be ended: \(names)", attempts: failures)
        }
        if let first = failures.first { throw first }
    }

    private func refuseOnOwnThread() throws(EventLoopError) {
        guard let current, !isFirstForeign || current !== loops[0] else { return }
        let detail = "A loop of the group cannot wait for its own end: call it elsewhere"
        throw EventLoopError(.invalidState, "shutdown", detail: detail)
    }

    /// The group's loops.
    public var description: String {
        "<EventLoopGroup of \(loops.count): \(loops.map { "\($0)" }.joined(separator: ", "))>"
    }
}
