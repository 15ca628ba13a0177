/// Runs blocking work on threads other than a loop's.
///
/// Used by ``AbstractEventLoop/runInExecutor(_:_:)`` and `toThread`; ``ThreadPoolExecutor`` is one implementation. All
/// methods may be called from any thread.
///
/// An executor runs each job once, or releases it. A job that is released without having run cancels the wait for it,
/// so no caller waits forever, however an executor ends.
///
/// asyncio: `concurrent.futures.Executor`.
public protocol WorkExecutor: Sendable {
    /// Accepts a job to be run soon, without waiting for it.
    ///
    /// - Parameter job: The job, to be run once.
    /// - Throws: ``EventLoopError``: `.executorShutDown` after ``shutdown(wait:cancelPending:)``; `.queueFull` if too
    ///   many jobs are waiting; `.system` if no thread can be started.
    ///
    /// asyncio: `Executor.submit`.
    func submit(_ job: @escaping @Sendable () -> Void) throws(EventLoopError)

    /// Accepts a job whose caller is suspended until it is done.
    ///
    /// Such callers limit themselves, since each submits one job at a time: an executor should queue the job even
    /// beyond its limit, rather than refuse it.
    ///
    /// - Parameter job: The job, to be run once.
    /// - Throws: Same as ``submit(_:)``, which the default implementation calls.
    func submitAwaited(_ job: @escaping @Sendable () -> Void) throws(EventLoopError)

    /// Refuses further jobs.
    ///
    /// - Parameters:
    ///   - wait: Whether to block until all accepted jobs are done.
    ///   - cancelPending: Whether to drop jobs that have not begun.
    ///
    /// asyncio: `Executor.shutdown`.
    func shutdown(wait: Bool, cancelPending: Bool)
}

extension WorkExecutor {
    /// Accepts a job in the same way as ``submit(_:)``.
    ///
    /// - Parameter job: The job, to be run once.
    /// - Throws: Same as ``submit(_:)``.
    public func submitAwaited(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        try submit(job)
    }
}
