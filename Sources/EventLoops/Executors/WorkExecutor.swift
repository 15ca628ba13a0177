/// Runs blocking work somewhere else than on a loop's thread.
///
/// What ``AbstractEventLoop/runInExecutor(_:_:)`` and `toThread` need of an executor; ``ThreadPoolExecutor`` is one.
/// Methods may be called from any thread.
///
/// An executor runs each job once, or lets go of it: a job that goes without having been run tells whoever waits for it
/// that it was cancelled. So nobody waits for ever, however an executor ends.
///
/// asyncio: `concurrent.futures.Executor`.
public protocol WorkExecutor: Sendable {
    /// Takes a job, to be run soon; does not wait for it.
    ///
    /// - Parameter job: What to run, once.
    /// - Throws: ``EventLoopError``: `.executorShutDown` after ``shutdown(wait:cancelPending:)``, `.queueFull` if as
    ///   much waits as may, `.system` if nothing can run it. asyncio: `Executor.submit`.
    func submit(_ job: @escaping @Sendable () -> Void) throws(EventLoopError)

    /// Takes a job whose caller is suspended until it is done.
    ///
    /// Such callers limit themselves, since none gives a second job before its first is done: an executor should let
    /// them wait, however much waits already, and not refuse them.
    ///
    /// - Parameter job: What to run, once.
    /// - Throws: As ``submit(_:)``, which this calls unless an executor knows better.
    func submitAwaited(_ job: @escaping @Sendable () -> Void) throws(EventLoopError)

    /// Takes no more jobs.
    ///
    /// - Parameters:
    ///   - wait: Whether to block until all jobs that were taken are done.
    ///   - cancelPending: Whether to let go of jobs that have not begun. asyncio: `Executor.shutdown`.
    func shutdown(wait: Bool, cancelPending: Bool)
}

extension WorkExecutor {
    /// Takes a job as ``submit(_:)`` does.
    ///
    /// - Parameter job: What to run, once.
    /// - Throws: As ``submit(_:)``.
    public func submitAwaited(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        try submit(job)
    }
}
