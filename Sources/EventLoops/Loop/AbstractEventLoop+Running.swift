extension AbstractEventLoop {
    /// Runs the loop until ``stop()``.
    ///
    /// - Throws: ``EventLoopError``: `.closed`; `.alreadyRunning`; `.anotherLoopRunning` if another loop runs on this
    ///   thread; `.wrongThread` if another thread runs or closes the loop, or if this loop's ring belongs to another
    ///   thread, on which it ran before.
    /// - Thread: The one that is to run the loop; blocks it. The loop belongs to it from now on, also when it does not
    ///   run: calls of other threads are refused, but for those that say "any thread". asyncio: `run_forever`.
    public func runForever() throws(EventLoopError) {
        try core.runForever()
    }

    /// Runs the loop until the future is done.
    ///
    /// - Parameter future: A future of this loop.
    /// - Returns: The future's result.
    /// - Throws: The future's error; what ``runForever()`` throws; ``EventLoopError`` with `.stoppedBeforeCompletion`
    ///   after a ``stop()`` that came first; `.wrongLoop` for another loop's future. asyncio:
    ///   `run_until_complete(future)`.
    @discardableResult
    public func runUntilComplete<Value>(_ future: Future<Value>) throws -> Value {
        let operation = "runUntilComplete"
        guard future.core === core else {
            throw EventLoopError(.wrongLoop, operation, detail: "The future belongs to a different loop")
        }
        // Before anything is changed: a run that is refused must not disturb the one that goes on.
        let hold = try core.acquire(toRun: operation)
        defer { core.release(hold) }
        let token = future.addDoneCallback { [core] _ in core.stop() }
        defer { future.removeDoneCallback(token) }
        try core.runForever(operation)
        guard future.isDone else {
            throw EventLoopError(
                .stoppedBeforeCompletion, operation, detail: "Event loop stopped before Future completed")
        }
        return try future.result()
    }

    /// Runs async code as a task of the loop, until it ends.
    ///
    /// - Parameters:
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - main: The code; all of it runs on this thread.
    /// - Returns: Its result.
    /// - Throws: Its error; else as for a future. asyncio: `run_until_complete(coroutine)`.
    @discardableResult
    public func runUntilComplete<Value>(
        file: StaticString = #fileID, line: UInt = #line, _ main: sending @escaping () async throws -> Value
    ) throws -> Value {
        let hold = try core.acquire(toRun: "runUntilComplete")
        defer { core.release(hold) }
        return try runUntilComplete(core.createTask(name: nil, at: core.place(file, line), plain: main))
    }

    /// Ends the run after the current turn: callbacks that are ready run, those that they add wait for the next run.
    ///
    /// Before a run it makes the next run last one turn. asyncio: `stop`.
    public func stop() {
        guard core.admits("stop") else { return }
        core.stop()
    }

    /// Whether the loop runs.
    ///
    /// Any thread. asyncio: `is_running`.
    public var isRunning: Bool {
        core.queue.isRunning
    }

    /// Whether the loop is closed.
    ///
    /// asyncio: `is_closed`.
    public var isClosed: Bool {
        core.isClosed
    }

    /// Ends the loop for good: callbacks and timers that wait are dropped, tasks are cancelled and given the chance to
    /// end, connections and servers are closed without a word, the default executor is shut down without waiting, and
    /// nothing is left in the kernel.
    ///
    /// Idempotent.
    ///
    /// - Throws: ``EventLoopError`` with `.running` while the loop runs, `.wrongThread` if another thread is about to
    ///   run it or closes it, or if its ring belongs to another thread. asyncio: `close`.
    public func close() throws(EventLoopError) {
        try core.close()
    }

    /// The loop's clock, read anew at each call.
    ///
    /// asyncio: `time()`.
    public var time: LoopInstant {
        core.now
    }

    /// The kernel interface on which the loop stands.
    public var backend: LoopBackend {
        core.report.backend
    }

    /// What the loop stands on, why on that, and how each operation is done.
    public var capabilities: LoopCapabilities {
        LoopCapabilities(
            backend: backend, reason: core.backendReason.text, denial: core.backendReason.denial,
            features: core.report.features, operations: core.report.operationSupport)
    }
}
