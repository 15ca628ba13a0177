internal import CLinux

/// Threads that run blocking work, so that a loop need not wait for it.
///
/// A thread is started when work comes and none is idle, up to the limit; jobs begin in the order in which they came. A
/// pool that is dropped without ``shutdown(wait:cancelPending:)`` does what it was given, then its threads end. Usable
/// from any thread.
///
///     let pool = ThreadPoolExecutor(maxWorkers: 2, threadNamePrefix: "images")
///     let image = try await pool.run { try decode(file) }
///
/// asyncio: `concurrent.futures.ThreadPoolExecutor`.
public final class ThreadPoolExecutor: WorkExecutor {
    /// How many jobs may wait for a thread where nothing else is said.
    ///
    /// Bursts stay below it; a program whose threads all hang learns so before its memory is gone.
    public static let defaultMaxPending = 65_536

    /// The most threads at a time.
    public let maxWorkers: Int
    /// How many jobs may wait for a thread before ``submit(_:)`` refuses more.
    ///
    /// Not counted against those who await their job: they wait longer instead.
    public let maxPending: Int
    private let workers: Workers

    /// Makes a pool; no thread is started yet.
    ///
    /// - Parameters:
    ///   - maxWorkers: The most threads at a time, values below 1 count as 1; nil for 4 more than there are processors
    ///     that this process may use, but at most 32.
    ///   - maxPending: How many jobs may wait for a thread, values below 0 count as 0. asyncio has no limit: `Int.max`.
    ///   - threadNamePrefix: What the threads are called, before a dash and their number; the kernel shows 15 bytes, so
    ///     a long prefix is cut.
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

    /// Gives work to the pool, and does not wait for it.
    ///
    /// - Parameter job: What to run on one of the threads.
    /// - Throws: ``EventLoopError``: `.executorShutDown` after ``shutdown(wait:cancelPending:)``; `.queueFull` if
    ///   ``maxPending`` jobs wait for a thread; `.system` if there is no thread and none can be started;
    ///   `.forkedChild` in a child of the process that made the pool. asyncio: `Executor.submit`.
    public func submit(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        try workers.add(job, isAwaited: false)
    }

    /// Gives work to the pool whose caller is suspended until it is done: ``maxPending`` does not limit it.
    ///
    /// - Parameter job: What to run on one of the threads.
    /// - Throws: As ``submit(_:)``, but for `.queueFull`.
    public func submitAwaited(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        try workers.add(job, isAwaited: true)
    }

    /// Takes no more work; threads end once what was given is done.
    ///
    /// Idempotent, and may be made stricter by a second call.
    ///
    /// - Parameters:
    ///   - wait: Whether to block until the last thread has ended; never on the loop's thread. On a thread of this very
    ///     pool it returns at once: a thread cannot wait for its own end. asyncio raises there.
    ///   - cancelPending: Whether to drop jobs that have not begun: their futures are cancelled, and who awaits them
    ///     gets `CancellationError`. asyncio: `Executor.shutdown(wait, cancel_futures)`.
    public func shutdown(wait: Bool = true, cancelPending: Bool = false) {
        workers.shutdown(wait: wait, cancelPending: cancelPending)
    }

    /// How many threads live, and how many of them have nothing to do.
    package var threads: (alive: Int, idle: Int) {
        workers.count
    }

    /// How many jobs have not begun.
    package var pending: Int {
        workers.pending
    }
}
