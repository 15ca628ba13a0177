extension AbstractEventLoop {
    /// Runs blocking work on a thread of the default executor, and waits for it.
    ///
    /// The work sees the task-local values of the calling task.
    ///
    /// - Parameter work: What to run; never on the loop's thread.
    /// - Returns: What the work returns.
    /// - Throws: What the work throws; `CancellationError`, by which work that has not begun is dropped and work that
    ///   has begun runs to its end unheard; ``EventLoopError`` with `.executorShutDown`, `.wrongThread`, `.closed`.
    ///   asyncio: `asyncio.to_thread`.
    public func toThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try core.checkTask("toThread")
        let pool = PoolTaskExecutor(try core.makeDefaultExecutor())
        let future = Future<Value>(core: core)
        let queue = core.queue
        // A task, since that is what takes task-local values along; it never waits, so it stays on its thread.
        let carrier = Task(executorPreference: pool) {
            guard !Task.isCancelled else { return }
            let result = Result { try work() }
            _ = queue.post(Handle { future.finishTask(result, wasCancelled: false) })
        }
        defer { if future.isCancelled { carrier.cancel() } }
        return try await future.value
    }
}

/// A pool of threads as the executor of a task.
private final class PoolTaskExecutor: TaskExecutor {
    private let pool: ThreadPoolExecutor

    init(_ pool: ThreadPoolExecutor) {
        self.pool = pool
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        do {
            try pool.submit { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        } catch {
            // The pool was shut down meanwhile, or no thread can be had; the job has to run somewhere.
            OrphanedJobs.run(.taskJob(job))
        }
    }
}
