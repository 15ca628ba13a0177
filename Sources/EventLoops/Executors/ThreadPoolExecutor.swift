internal import CLinux
import Glibc
internal import Kernel
import Synchronization

/// Threads that run blocking work, so that the loop need not wait for it.
///
/// Threads are started when work waits and none is idle, up to the limit; they end with the pool. Usable from any
/// thread.
///
/// asyncio: `concurrent.futures.ThreadPoolExecutor`.
public final class ThreadPoolExecutor: @unchecked Sendable {
    /// The most threads at a time.
    public let maxWorkers: Int
    private let namePrefix: String
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var work: [@Sendable () -> Void] = []
    private var firstWork = 0
    private var idle = 0
    private var workers = 0
    private var isShutDown = false

    /// Makes a pool; no thread is started yet.
    ///
    /// - Parameters:
    ///   - maxWorkers: The most threads at a time; nil for the number of processors plus 4, at most 32.
    ///   - threadNamePrefix: What the threads are called, before a dash and their number.
    public init(maxWorkers: Int? = nil, threadNamePrefix: String = "proactor") {
        self.maxWorkers = max(1, maxWorkers ?? min(32, sysconf(Int32(_SC_NPROCESSORS_ONLN)) + 4))
        namePrefix = threadNamePrefix
        pthread_mutex_init(lock, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(lock)
        changed.deallocate()
        lock.deallocate()
    }

    /// Gives work to the pool.
    ///
    /// - Parameter job: What to run on one of the threads.
    /// - Throws: ``EventLoopError`` with `.executorShutDown` after ``shutdown(wait:)``, `.system` if no thread can be
    ///   started.
    public func submit(_ job: @escaping @Sendable () -> Void) throws(EventLoopError) {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        guard !isShutDown else {
            throw EventLoopError(.executorShutDown, "submit", detail: "The executor takes no more work after shutdown")
        }
        if idle <= work.count - firstWork, workers < maxWorkers {
            let failure = startWorker()
            // With a worker alive the job is only late; without one it would never run.
            if failure != 0, workers == 0 {
                throw EventLoopError(
                    .system, "pthread_create", errno: Errno(rawValue: failure), detail: "No thread could be started")
            }
        }
        work.append(job)
        pthread_cond_signal(changed)
    }

    /// Takes no more work; threads end once what was given is done.
    ///
    /// - Parameter wait: Whether to block until the last thread has ended. Never wait on the loop's thread.
    public func shutdown(wait: Bool = true) {
        pthread_mutex_lock(lock)
        isShutDown = true
        pthread_cond_broadcast(changed)
        while wait, workers > 0 { pthread_cond_wait(changed, lock) }
        pthread_mutex_unlock(lock)
    }

    private func startWorker() -> Int32 {
        let failure = DetachedThread.start(name: "\(namePrefix)-\(workers)") { self.serve() }
        if failure == 0 { workers += 1 }
        return failure
    }

    private func serve() {
        while runNext() {}
        pthread_mutex_lock(lock)
        workers -= 1
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(lock)
    }

    /// Runs one job, and lets go of it before the lock is taken again: what it holds may call the pool when it goes.
    private func runNext() -> Bool {
        pthread_mutex_lock(lock)
        let job = nextJob()
        pthread_mutex_unlock(lock)
        job?()
        return job != nil
    }

    /// Waits for work with the lock held; nil once the pool is shut down and empty.
    private func nextJob() -> (@Sendable () -> Void)? {
        while firstWork == work.count {
            if isShutDown { return nil }
            idle += 1
            pthread_cond_wait(changed, lock)
            idle -= 1
        }
        let job = work[firstWork]
        // What a job holds goes when the job is done, not when its place in the list is used again.
        work[firstWork] = {}
        firstWork += 1
        if firstWork == work.count || firstWork > 1024 {
            work.removeFirst(firstWork)
            firstWork = 0
        }
        return job
    }
}

/// A thread that nobody joins.
package enum DetachedThread {
    private final class Body {
        let name: String
        let run: @Sendable () -> Void

        init(name: String, run: @escaping @Sendable () -> Void) {
            self.name = name
            self.run = run
        }
    }

    /// Starts a thread and returns 0, or the error of `pthread_create`.
    package static func start(name: String, _ run: @escaping @Sendable () -> Void) -> Int32 {
        let body = Unmanaged.passRetained(Body(name: name, run: run))
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { argument in
                let body = Unmanaged<Body>.fromOpaque(argument.unsafelyUnwrapped).takeRetainedValue()
                cl_thread_set_name(body.name)
                body.run()
                return nil
            }, body.toOpaque())
        if failure == 0 { pthread_detach(thread) } else { body.release() }
        return failure
    }
}
