import Synchronization

extension WorkExecutor {
    /// Runs blocking work on the executor and waits for it, without blocking the caller's thread.
    ///
    /// The work sees the caller's task-local values. If a ``ThreadPoolExecutor`` is full, the caller waits.
    ///
    /// - Parameter work: The work.
    /// - Returns: What the work returns.
    /// - Throws: What the work throws; `CancellationError` if the task is cancelled or the executor drops the work;
    ///   ``EventLoopError``, as for ``submitAwaited(_:)``.
    /// - Cancellation: Throws at once and drops work that has not begun. Work that has begun runs to completion, and
    ///   its result is dropped.
    /// - Thread: Any.
    ///
    /// asyncio: `asyncio.to_thread`, but with any executor.
    public func run<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
        try Task.checkCancellation()
        let call = AwaitedCall(work)
        // A task, because only tasks inherit task-local values. Its body never suspends, so it is a single job.
        Task(executorPreference: CarryingExecutor(self, refused: call.callOff)) { call.run() }
        return try await call.value()
    }
}

/// Passes a task's only job to an executor.
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

/// The job of a task, which must run in any case: otherwise the task would never be released.
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
        // The work is cancelled by now, so the rest of the job does nothing.
        dropped(CancellationError())
        OrphanedJobs.run(.taskJob(job))
    }
}
