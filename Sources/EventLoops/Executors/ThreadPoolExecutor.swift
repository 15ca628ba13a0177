internal import CLinux

/// Threads that run blocking work, so that it does not block a loop.
///
/// If no thread is idle when work arrives, a thread is started, up to the limit. Jobs begin in the order of submission.
/// The threads of a pool that is released without ``shutdown(wait:cancelPending:)`` finish its work and then end. Any
/// thread may use it.
///
///     let pool = ThreadPoolExecutor(maxWorkers: 2, threadNamePrefix: "images")
///     let image = try await pool.run { try decode(file) }
///
/// asyncio: `concurrent.futures.ThreadPoolExecutor`.
public final class ThreadPoolExecutor: WorkExecutor {
    /// The default value of ``maxPending``.
    ///
    /// High enough for bursts; low enough that a program whose threads all hang gets an error before it runs out of
    /// memory.
    public static let defaultMaxPending = 65_536

    /// The maximum number of threads.
    public let maxWorkers: Int
    /// How many jobs may wait for a thread before ``submit(_:)`` refuses more.
    ///
    /// This does not limit callers that await their jobs: they just wait longer.
    public let maxPending: Int
    private let workers: Workers

    /// Makes a pool, without starting a thread.
    ///
    /// - Parameters:
    ///   - maxWorkers: The maximum number of threads, at least 1; nil for the number of processors that this process
    ///     may use plus 4, but at most 32.
    ///   - maxPending: How many jobs may wait for a thread, at least 0. asyncio has no limit, which is `Int.max` here.
    ///   - threadNamePrefix: The name of the threads, which is followed by a dash and a number. The kernel keeps 15
    ///     bytes, so a long prefix is truncated.
    public init(
        maxWorkers: Int? = nil, maxPending: Int = ThreadPoolExecutor.defaultMaxPending,
        threadNamePrefix: String = "proactor"
    ) {
        self.maxWorkers = max(1, maxWorkers ?? min(32, Int(cl_usable_processors()) + 4))
        self.maxPending = max(0, maxPending)
        workers = Workers(limit: self.maxWorkers, maxPending: self.maxPending, namePrefix: threadNamePrefix)
    }

    deinit {
        workers.shutdown(wait: false, cancelPending: false)
    }

    /// Submits work, without waiting for it.
    ///
    /// - Parameter job: The job, which runs on one of the threads.
    /// - Throws: ``EventLoopError``: `.executorShutDown` after ``shutdown(wait:cancelPending:)``; `.queueFull` if
    ///   ``maxPending`` jobs are already waiting for a thread; `.system` if there is no thread and none can be started;
    ///   `.forkedChild` in a child of the process that made the pool.
    ///
    /// asyncio: `Executor.submit`.
    public func submit(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        try workers.add(job, isAwaited: false)
    }

    /// Submits work whose caller is suspended until it is done: ``maxPending`` does not limit it.
    ///
    /// - Parameter job: The job, which runs on one of the threads.
    /// - Throws: Same as ``submit(_:)``, except for `.queueFull`.
    public func submitAwaited(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        try workers.add(job, isAwaited: true)
    }

    /// Refuses further work; the threads end when the submitted work is done.
    ///
    /// Idempotent. A second call can add `wait` or `cancelPending`.
    ///
    /// - Parameters:
    ///   - wait: Whether to block until the last thread has ended; not for use on a loop's thread. On a thread of this
    ///     pool it returns at once, because a thread cannot wait for its own end; asyncio raises there.
    ///   - cancelPending: Whether to drop jobs that have not begun. Their futures are cancelled, and awaiting callers
    ///     get `CancellationError`.
    ///
    /// asyncio: `Executor.shutdown(wait, cancel_futures)`.
    public func shutdown(wait: Bool = true, cancelPending: Bool = false) {
        workers.shutdown(wait: wait, cancelPending: cancelPending)
    }

    /// The number of threads, and how many of them are idle.
    package var threads: (alive: Int, idle: Int) {
        workers.count
    }

    /// The number of jobs that have not begun.
    package var pending: Int {
        workers.pending
    }
}
