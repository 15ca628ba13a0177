import Synchronization

extension WorkExecutor {
    /// Runs blocking work on the executor, and waits for it without blocking the caller's thread.
    ///
    /// The work sees the task-local values of the calling task. A full ``ThreadPoolExecutor`` does not refuse it: the
    /// caller waits for its turn.
    ///
    /// - Parameter work: What to run.
    /// - Returns: What the work returns.
    /// - Throws: What the work throws; `CancellationError` at once if the task is cancelled, by which work that has not
    ///   begun is dropped and work that has begun runs to its end unheard, or if the executor drops the work;
    ///   ``EventLoopError`` as of ``submitAwaited(_:)``.
    /// - Thread: Any. asyncio: `asyncio.to_thread`, with an executor of one's own.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let call = AwaitedCall(work)
        // A task, since only that takes task-local values along; its body never waits, so it is one job.
        Task(executorPreference: CarryingExecutor(self, refused: call.callOff)) { call.run() }
        return try await call.value()
    }
}

/// Takes the one job of a task to an executor.
private final class CarryingExecutor: TaskExecutor {
    private let executor: any WorkExecutor
    private let refused: @Sendable (any Error) -> Void

    init(_ executor: any WorkExecutor, refused: @escaping @Sendable (any Error) -> Void) {
        self.executor = executor
        self.refused = refused
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let carried = CarriedJob(UnownedJob(job), on: self, dropped: refused)
        withExtendedLifetime(carried) {
            do throws(EventLoopError) { try executor.submitAwaited { carried.run() } } catch { refused(error) }
        }
    }
}

/// The job of a task, which has to run in any case: else its task stays for ever, with all it holds.
private final class CarriedJob: Sendable {
    private let job: UnownedJob
    private let executor: CarryingExecutor
    private let dropped: @Sendable (any Error) -> Void
    private let hasRun = Atomic(false)

    init(_ job: UnownedJob, on executor: CarryingExecutor, dropped: @escaping @Sendable (any Error) -> Void) {
        self.job = job
        self.executor = executor
        self.dropped = dropped
    }

    func run() {
        guard !hasRun.exchange(true, ordering: .acquiringAndReleasing) else { return }
        job.runSynchronously(on: executor.asUnownedTaskExecutor())
    }

    deinit {
        guard !hasRun.load(ordering: .acquiring) else { return }
        // By now the work is called off, so what is left of the job does nothing.
        dropped(CancellationError())
        OrphanedJobs.run(.taskJob(job))
    }
}
