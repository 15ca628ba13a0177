public import EventLoops
public import Glibc
internal import Kernel

/// Runs async code on the first loop of a group, and ends the group afterwards: the form of
/// ``run(debug:signals:loopFactory:_:)`` for several processors.
///
///     try run(loops: .perCore) { group in
///         let server = try await group.createServer(host: "127.0.0.1", port: 8888) { Echo() }
///         try await server.serveForever()
///     }
///
/// The group's first loop runs on the calling thread, the others on threads of their own. After `main`, the other loops
/// end first, while the first one still runs: their tasks are cancelled and awaited, and they are closed. The first
/// loop ends as in `run` for one loop.
///
/// SIGINT and SIGTERM cancel `main`, and a second signal terminates the process, as for one loop. To let connections
/// finish, handle the signal yourself: it then does not cancel `main`, and ``GroupServer/close(deadline:)`` can wait.
///
///     for try await _ in try group.loops[0].signals(SIGTERM, SIGINT) { break }
///     try await server.close(deadline: .seconds(10))
///
/// - Parameters:
///   - loops: The number of loops, including the first.
///   - pinned: Whether each thread, including the calling one during the call, may run on one processor only.
///   - deadline: How long the tasks of the other loops may take to end.
///   - debug: Whether debug mode is on in all loops; nil to use `PROACTOR_DEBUG`.
///   - signals: The numbers of the signals that cancel `main`; empty for none.
///   - loopFactory: Makes each loop on its thread; nil for ``newEventLoop()``.
///   - main: The code; all of it runs on the calling thread.
/// - Returns: What `main` returns.
/// - Throws: Any error from `main` or from making the loops. `CancellationError` after a signal if `main` returns a
///   value. ``EventLoopError``: the errors of ``EventLoopGroup/shutdown(deadline:)-(Duration)``; `.invalidArgument` for
///   less than one loop; `.anotherLoopRunning` if a loop is running on this thread; `.invalidArgument` or `.system` for
///   a signal that cannot be caught, or if the threads cannot be pinned.
/// - Thread: Any thread that is allowed to block.
///
/// asyncio has no groups.
public func run<Value>(
    loops: LoopCount, pinned: Bool = false, deadline: Duration = .seconds(30), debug: Bool? = nil,
    signals: Set<Int32> = [SIGINT, SIGTERM], loopFactory: (@Sendable () throws -> any AbstractEventLoop)? = nil,
    _ main: sending @escaping (EventLoopGroup) async throws -> Value
) throws -> Value {
    let runner = Runner(debug: debug, signals: signals, loopFactory: loopFactory)
    try Runner.checkNoneRuns("run", instead: "await the code, or run it on another thread")
    let processors = pinned ? ThreadAffinity.save() : nil
    defer { ThreadAffinity.restore(processors) }
    if pinned {
        do throws(Errno) { try ThreadAffinity.pin(toProcessor: 0) } catch {
            throw EventLoopError(system: error, "sched_setaffinity")
        }
    }
    let value: Value
    do {
        let group = try EventLoopGroup(first: try runner.loop, loops, "loop", pinned) {
            let loop = try loopFactory?() ?? newEventLoop()
            if let debug { loop.debug = debug }
            return loop
        }
        // Has an effect only if the run was refused or stopped.
        defer { group.end(deadline) }
        value = try runner.run { _ in try await finish(group, deadline, main) }
    } catch {
        try? runner.close()
        throw error
    }
    try runner.close()
    return value
}

/// Runs `main`, and ends the group whatever its outcome.
private func finish<Value>(
    _ group: EventLoopGroup, _ deadline: Duration, _ main: (EventLoopGroup) async throws -> Value
) async throws -> Value {
    let value: Value
    do { value = try await main(group) } catch {
        try? await group.shutdown(deadline: deadline)
        throw error
    }
    try await group.shutdown(deadline: deadline)
    return value
}

extension EventLoopGroup {
    /// Ends the group, and waits for its threads.
    fileprivate func end(_ deadline: Duration) {
        try? shutdown(deadline: deadline)
    }
}
