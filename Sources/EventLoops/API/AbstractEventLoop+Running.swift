extension AbstractEventLoop {
    /// Runs the loop until ``stop()``.
    ///
    /// - Throws: ``EventLoopError``: `.closed`; `.alreadyRunning`; `.anotherLoopRunning` if another loop is running on
    ///   this thread; `.wrongThread` if another thread runs or closes the loop, or if this loop's ring belongs to
    ///   another thread, on which the loop ran before.
    /// - Thread: The thread that will run the loop; it is blocked meanwhile. From now on the loop belongs to this
    ///   thread, even when it is not running: other threads may call only what is documented as `Thread: Any`.
    ///
    /// asyncio: `run_forever`.
    public func runForever() throws(EventLoopError) {
        try core.runForever()
    }

    /// Runs the loop until the future is done.
    ///
    /// - Parameter future: A future of this loop.
    /// - Returns: The future's result.
    /// - Throws: The future's error; what ``runForever()`` throws; ``EventLoopError``: `.stoppedBeforeCompletion` if
    ///   ``stop()`` was called first; `.wrongLoop` if the future belongs to another loop.
    /// - Thread: Same as for ``runForever()``.
    ///
    /// asyncio: `run_until_complete(future)`.
    @discardableResult
    public func runUntilComplete<Value>(_ future: Future<Value>) throws -> Value {
        let operation = "runUntilComplete"
        guard future.core === core else {
            throw EventLoopError(.wrongLoop, operation, detail: "The future belongs to a different loop")
        }
        // Check before changing anything: a refused run must not disturb the one in progress.
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

    /// Runs async code as a task of the loop, until the code ends.
    ///
    /// - Parameters:
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - main: The code, all of which runs on this thread.
    /// - Returns: What the code returns.
    /// - Throws: What the code throws; otherwise the same as for a future.
    /// - Thread: Same as for ``runForever()``.
    ///
    /// asyncio: `run_until_complete(coroutine)`.
    @discardableResult
    public func runUntilComplete<Value>(
        file: StaticString = #fileID, line: UInt = #line, _ main: sending @escaping () async throws -> Value
    ) throws -> Value {
        let hold = try core.acquire(toRun: "runUntilComplete")
        defer { core.release(hold) }
        return try runUntilComplete(core.createTask(name: nil, at: core.place(file, line), plain: main))
    }

    /// Ends the run after the current turn.
    ///
    /// Ready callbacks still run; callbacks that they add wait for the next run.
    ///
    /// Called before a run, it limits the next run to one turn.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `stop`.
    public func stop() {
        guard core.admits("stop") else { return }
        core.stop()
    }

    /// Whether the loop is running.
    ///
    /// - Thread: Any.
    ///
    /// asyncio: `is_running`.
    public var isRunning: Bool {
        core.queue.isRunning
    }

    /// Whether the loop is closed.
    ///
    /// asyncio: `is_closed`.
    public var isClosed: Bool {
        core.isClosed
    }

    /// Closes the loop permanently.
    ///
    /// Scheduled callbacks and timers are dropped, tasks are cancelled and given time to end, connections and servers
    /// are closed without notification, the default executor is shut down without waiting, and every operation in the
    /// kernel is ended.
    ///
    /// Idempotent.
    ///
    /// - Throws: ``EventLoopError``: `.running` while the loop is running; `.wrongThread` if another thread is about to
    ///   run or close it, or if its ring belongs to another thread.
    /// - Thread: The loop's.
    ///
    /// asyncio: `close`.
    public func close() throws(EventLoopError) {
        try core.close()
    }

    /// The loop's clock, read anew at each call.
    ///
    /// asyncio: `time()`.
    public var time: LoopInstant {
        core.now
    }

    /// The kernel interface that the loop uses.
    public var backend: LoopBackend {
        core.report.backend
    }

    /// The loop's backend, the reason for it, and how each operation is performed.
    public var capabilities: LoopCapabilities {
        LoopCapabilities(
            backend: backend, reason: core.backendReason.text, denial: core.backendReason.denial,
            features: core.report.features, operations: core.report.operationSupport)
    }
}
