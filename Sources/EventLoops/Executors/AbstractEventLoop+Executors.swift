internal import Kernel

extension AbstractEventLoop {
    /// Runs blocking work on a thread of an executor.
    ///
    /// The work does not see the task-local values of the caller: for that there is ``toThread(_:)``.
    ///
    /// - Parameters:
    ///   - executor: The executor; nil for the loop's default one, which is made at first use: a
    ///     ``ThreadPoolExecutor``.
    ///   - work: What to run; never on the loop's thread.
    /// - Returns: A future of the result. Cancelling it drops work that has not begun; work that has begun runs to its
    ///   end unheard. If the executor drops the work the future is cancelled. On a closed loop, on another thread than
    ///   the loop's, or if the executor is full or was shut down, the future has failed already with an
    ///   ``EventLoopError``. asyncio: `run_in_executor`.
    public func runInExecutor<Value: Sendable>(
        _ executor: (any WorkExecutor)? = nil, _ work: @escaping @Sendable () throws -> Value
    ) -> Future<Value> {
        core.runInExecutor(executor, work)
    }

    /// Sets the executor for ``runInExecutor(_:_:)``, ``toThread(_:)`` and names.
    ///
    /// asyncio takes a thread pool only, because processes cannot share what a loop needs; here every executor runs its
    /// jobs in this process, so every kind will do. The executor of before is not shut down.
    ///
    /// - Parameter executor: The executor; the loop shuts it down when it closes. asyncio: `set_default_executor`.
    public func setDefaultExecutor(_ executor: any WorkExecutor) {
        guard core.admits("setDefaultExecutor") else { return }
        core.defaultExecutor.set(executor)
    }

    /// Shuts the default executor down for good, and waits until its threads have ended.
    ///
    /// Work that was given is still done. May be called again, to wait again. Who cancels the wait does not cancel the
    /// shutting down.
    ///
    /// - Parameter timeout: How long to wait at most; nil for ever. When it is over this returns all the same: the log
    ///   has a warning, and the threads are left to end by themselves.
    /// - Throws: `CancellationError`; ``EventLoopError`` with `.wrongThread`, `.closed`, `.system` if there is no
    ///   thread on which to wait. asyncio: `shutdown_default_executor`.
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
        // Called off with the future at once, not by a done callback: a loop that closes has no turn left for those.
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

    /// Shuts an executor down, and returns a future that is true once its threads have ended.
    ///
    /// The waiting takes a thread of its own: the executor's cannot wait for themselves.
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
