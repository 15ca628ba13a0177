internal import CLinux
import Glibc
internal import Kernel

/// The threads of a pool, and the jobs that wait for them.
///
/// Threads hold this and not the pool: so a pool that is dropped can tell them to end.
final class Workers: @unchecked Sendable {
    private let limit: Int
    private let maxPending: Int
    private let namePrefix: String
    /// The process that has the threads: a forked child has none of them.
    private let process = cl_process_generation()
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    // All that follows is touched with the lock held only.
    private var jobs = JobQueue()
    private var alive = 0
    private var idle = 0
    private var busy = 0
    /// The threads that have begun, to know one's own.
    private var threads: Set<pthread_t> = []
    private var isShutDown = false

    init(limit: Int, maxPending: Int, namePrefix: String) {
        self.limit = limit
        self.maxPending = maxPending
        self.namePrefix = namePrefix
        lock.initialize(to: pthread_mutex_t())
        changed.initialize(to: pthread_cond_t())
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    var count: (alive: Int, idle: Int) {
        withLock { (alive, idle) }
    }

    var pending: Int {
        withLock { jobs.count }
    }

    // MARK: From outside

    func add(_ job: @escaping JobQueue.Job, isAwaited: Bool) throws(EventLoopError) {
        guard isInItsProcess else {
            throw EventLoopError(
                .forkedChild, "submit", detail: "A pool's threads stay with the parent: make a pool in the child")
        }
        let refusal = withLock { () -> EventLoopError? in
            if isShutDown { return .executorShutDown("submit") }
            if !isAwaited, isFull { return .queueFull("submit", maxPending) }
            if jobs.count >= idle, alive < limit {
                let failure = startThread()
                // With a thread alive the job is only late; without one it would never run.
                if failure != 0, alive == 0 { return .noThread(failure) }
            }
            jobs.append(job)
            pthread_cond_signal(changed)
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
        withLock {
            let isOwnThread = threads.contains(pthread_self())
            while alive > 0, !isOwnThread { pthread_cond_wait(changed, lock) }
        }
    }

    /// Says that no more comes.
    ///
    /// What is dropped goes when this returns: without the lock, since what goes may call the pool, and before anybody
    /// waits, since a running job may wait for one that is dropped.
    private func end(cancelPending: Bool) {
        let dropped = withLock {
            isShutDown = true
            pthread_cond_broadcast(changed)
            return cancelPending ? jobs.removeAll() : []
        }
        withExtendedLifetime(dropped) {}
    }

    /// Jobs that a free thread will take do not wait for one.
    private var isFull: Bool {
        jobs.count - (limit - busy) >= maxPending
    }

    // MARK: Threads

    /// Returns 0, or the error of `pthread_create`.
    private func startThread() -> Int32 {
        let failure = DetachedThread.start(name: DetachedThread.name(namePrefix, number: alive)) { self.serve() }
        if failure == 0 { alive += 1 }
        return failure
    }

    private func serve() {
        withLock { _ = threads.insert(pthread_self()) }
        while runNext() { withLock { busy -= 1 } }
        withLock {
            threads.remove(pthread_self())
            alive -= 1
            pthread_cond_broadcast(changed)
        }
    }

    /// Runs one job, and lets go of it before the lock is taken again: what it holds may call the pool when it goes.
    private func runNext() -> Bool {
        guard let job = withLock(takeJob) else { return false }
        job()
        return true
    }

    /// Waits for a job with the lock held; nil once the pool is shut down and empty.
    private func takeJob() -> JobQueue.Job? {
        while jobs.count == 0, !isShutDown {
            idle += 1
            pthread_cond_wait(changed, lock)
            idle -= 1
        }
        guard let job = jobs.popFirst() else { return nil }
        busy += 1
        return job
    }

    private func withLock<Result>(_ body: () -> Result) -> Result {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
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
                "\(maxPending) jobs wait for a thread already: await them with toThread or run, which wait for room, "
                + "or make the pool with a larger maxPending")
    }

    fileprivate static func noThread(_ failure: Int32) -> EventLoopError {
        EventLoopError(
            .system, "pthread_create", errno: Errno(rawValue: failure),
            detail: "No thread could be started: the limit of processes (`ulimit -u`), of the control group, or memory "
                + "is used up")
    }
}
