internal import CLinux
import Glibc
internal import Kernel

/// The threads of a pool, and the jobs waiting for them.
///
/// The threads retain this object rather than the pool, so that the pool's deinit can end them.
final class Workers: @unchecked Sendable {
    private let limit: Int
    private let maxPending: Int
    private let namePrefix: String
    /// The process that the threads belong to: a forked child does not have them.
    private let process = cl_process_generation()
    /// Signalled when there is a job, a thread has ended, or the pool is shut down.
    private let changed = Condition()
    // Everything below is guarded by the lock of `changed`.
    private var jobs = JobQueue()
    private var alive = 0
    private var idle = 0
    private var busy = 0
    /// The threads that have started, to recognise a call from one of them.
    private var threads: Set<pthread_t> = []
    private var isShutDown = false

    init(limit: Int, maxPending: Int, namePrefix: String) {
        self.limit = limit
        self.maxPending = maxPending
        self.namePrefix = namePrefix
    }

    var count: (alive: Int, idle: Int) {
        changed.withLock { (alive, idle) }
    }

    var pending: Int {
        changed.withLock { jobs.count }
    }

    // MARK: From outside

    func add(_ job: @escaping JobQueue.Job, isAwaited: Bool) throws(EventLoopError) {
        guard isInItsProcess else {
            throw EventLoopError(
                .forkedChild, "submit", detail: "A pool's threads stay with the parent: make a pool in the child")
        }
        let refusal = changed.withLock { () -> EventLoopError? in
            if isShutDown { return .executorShutDown("submit") }
            if !isAwaited, isFull { return .queueFull("submit", maxPending) }
            if jobs.count >= idle, alive < limit {
                let failure = startThread()
                // If any thread is alive, the job just runs later; if none is, it would never run.
                if failure != 0, alive == 0 { return .noThread(failure) }
            }
            jobs.append(job)
            changed.signal()
            return nil
        }
        if let refusal { throw refusal }
    }

    private var isInItsProcess: Bool {
        process == cl_process_generation()
    }

    func shutdown(wait: Bool, cancelPending: Bool) {
        guard isInItsProcess else { return }
        end(cancelPending: cancelPending)
        guard wait else { return }
        changed.withLock {
            let isOwnThread = threads.contains(pthread_self())
            while alive > 0, !isOwnThread { changed.wait() }
        }
    }

    /// Marks the pool as shut down.
    ///
    /// Dropped jobs are released before this returns: outside the lock, since their deinits may call the pool, and
    /// before the caller waits, since a running job may wait for a dropped one.
    private func end(cancelPending: Bool) {
        let dropped = changed.withLock {
            isShutDown = true
            changed.broadcast()
            return cancelPending ? jobs.removeAll() : []
        }
        withExtendedLifetime(dropped) {}
    }

    /// Whether the limit of waiting jobs is reached; jobs that a free thread will take do not count as waiting.
    private var isFull: Bool {
        jobs.count - (limit - busy) >= maxPending
    }

    // MARK: Threads

    /// Starts a thread; returns 0, or the error from `pthread_create`.
    private func startThread() -> Int32 {
        let failure = DetachedThread.start(name: DetachedThread.name(namePrefix, number: alive)) { self.serve() }
        if failure == 0 { alive += 1 }
        return failure
    }

    private func serve() {
        changed.withLock { _ = threads.insert(pthread_self()) }
        while runNext() { changed.withLock { busy -= 1 } }
        changed.withLock {
            threads.remove(pthread_self())
            alive -= 1
            changed.broadcast()
        }
    }

    /// Runs one job, and releases it before the lock is taken again: a deinit of what it holds may call the pool.
    private func runNext() -> Bool {
        guard let job = changed.withLock(takeJob) else { return false }
        job()
        return true
    }

    /// Waits for a job with the lock held; nil if the pool is shut down and empty.
    private func takeJob() -> JobQueue.Job? {
        while jobs.count == 0, !isShutDown {
            idle += 1
            changed.wait()
            idle -= 1
        }
        guard let job = jobs.popFirst() else { return nil }
        busy += 1
        return job
    }
}

extension EventLoopError {
    fileprivate static func executorShutDown(_ operation: String) -> EventLoopError {
        EventLoopError(.executorShutDown, operation, detail: "The executor takes no more work after shutdown")
    }

    fileprivate static func queueFull(_ operation: String, _ maxPending: Int) -> EventLoopError {
        EventLoopError(
            .queueFull, operation,
            detail:
                "\(maxPending) jobs are already waiting for a thread: use toThread or run, which wait instead, "
                + "or create the pool with a larger maxPending")
    }

    fileprivate static func noThread(_ failure: Int32) -> EventLoopError {
        EventLoopError(
            .system, "pthread_create", errno: Errno(rawValue: failure),
            detail: "No thread could be started: the limit of processes (`ulimit -u`), of the control group, or memory "
                + "is used up")
    }
}
