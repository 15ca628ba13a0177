internal import Kernel

extension AbstractEventLoop {
    /// Runs blocking work on a thread of an executor.
    ///
    /// The work does not see the caller's task-local values, unlike with ``toThread(_:)``.
    ///
    /// - Parameters:
    ///   - executor: The executor; nil for the loop's default executor, a ``ThreadPoolExecutor`` that is made on first
    ///     use.
    ///   - work: The work, which never runs on the loop's thread.
    /// - Returns: A future of the result. Cancelling it drops work that has not begun; work that has begun runs to its
    ///   end, and its result is dropped. If the executor drops the work, the future is cancelled. On a closed loop, on
    ///   a thread other than the loop's, or if the executor is full or shut down, the future has already failed with an
    ///   ``EventLoopError``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `run_in_executor`.
    public func runInExecutor<Value: Sendable>(
        _ executor: (any WorkExecutor)? = nil, _ work: @escaping @Sendable () throws -> Value
    ) -> Future<Value> {
        core.runInExecutor(executor, work)
    }

    /// Sets the executor for ``runInExecutor(_:_:)``, ``toThread(_:)`` and name resolution.
    ///
    /// asyncio accepts only thread pools, because processes cannot share what a loop needs. Here every executor runs
    /// its jobs in this process, so any kind is accepted. The previous executor is not shut down.
    ///
    /// - Parameter executor: The executor; the loop shuts it down when it closes.
    /// - Thread: The loop's.
    ///
    /// asyncio: `set_default_executor`.
    public func setDefaultExecutor(_ executor: any WorkExecutor) {
        guard core.admits("setDefaultExecutor") else { return }
        core.defaultExecutor.set(executor)
    }

    /// Shuts down the default executor permanently, and waits until its threads have ended.
    ///
    /// Submitted work still runs. Can be called again to wait again.
    ///
    /// - Parameter timeout: The maximum time to wait; nil for no limit. After the timeout this returns, with a warning
    ///   in the log, and the threads end on their own.
    /// - Throws: ``EventLoopError``: `.system` if no thread can be started on which to wait; `.wrongThread`; `.closed`.
    ///   `CancellationError` if the task is cancelled.
    /// - Cancellation: Cancels the wait, not the shutdown.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `shutdown_default_executor`.
    public func shutdownDefaultExecutor(timeout: Duration? = nil) async throws {
        try core.checkTask("shutdownDefaultExecutor")
        guard let executor = core.defaultExecutor.shutDown() else { return }
        let ended = try core.shutDown(executor)
        let timer = timeout.map { callLater($0) { if !ended.isDone { try ended.setResult(false) } } }
        defer { timer?.cancel() }
        if try await !ended.value, let timeout {
            Log.write(.warning, "The executor did not finish joining its threads within \(timeout): they are left")
        }
    }
}

extension LoopCore {
    func runInExecutor<Value: Sendable>(
        _ executor: (any WorkExecutor)?, _ work: @escaping @Sendable () throws -> Value
    ) -> Future<Value> {
        let work = PendingWork(work)
        // The work is cancelled together with the future, not by a done callback, for which a closing loop has no turn.
        let future = WrappingFuture<Value>(core: self) { work.drop() }
        do throws(EventLoopError) {
            try check("runInExecutor")
            let executor = if let executor { executor } else { try defaultExecutor.current("runInExecutor") }
            let job = FutureJob(work, for: future)
            try executor.submit { job.run() }
        } catch {
            work.drop()
            future.finishTask(.failure(error), wasCancelled: false)
        }
        return future
    }

    /// Shuts down an executor, and returns a future that is true once its threads have ended.
    ///
    /// A separate thread waits: the executor's threads cannot wait for themselves.
    fileprivate func shutDown(_ executor: any WorkExecutor) throws(EventLoopError) -> Future<Bool> {
        let ended = Future<Bool>(core: self)
        let queue = queue
        let failure = DetachedThread.start(name: "proactor-end") {
            executor.shutdown(wait: true, cancelPending: false)
            queue.post { if !ended.isDone { try ended.setResult(true) } }
        }
        guard failure != 0 else { return ended }
        executor.shutdown(wait: false, cancelPending: false)
        throw EventLoopError(.system, "pthread_create", errno: Errno(rawValue: failure))
    }
}
