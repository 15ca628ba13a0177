internal import CLinux
import Glibc
internal import Kernel

/// Jobs whose loop is closed.
///
/// A job that is dropped leaves its task suspended for ever, with all it holds. So these run after all, one at a time,
/// on a thread of their own: every handle of the closed loop answers them with an error, and their tasks can end.
package enum OrphanedJobs {
    private static let lock = Lock()
    // All are touched with the lock held only.
    private nonisolated(unsafe) static var jobs: [ReadyEntry] = []
    private nonisolated(unsafe) static var hasThread = false
    /// The one that runs them; 0 until it has begun.
    private nonisolated(unsafe) static var thread: UInt = 0

    static var areRunByCurrentThread: Bool {
        lock.withLock { thread == cl_thread_self() }
    }

    package static func run(_ entry: ReadyEntry) {
        let needsThread = lock.withLock {
            jobs.append(entry)
            defer { hasThread = true }
            return !hasThread
        }
        if needsThread { startThread() }
    }

    private static func startThread() {
        var thread = pthread_t()
        let failure = pthread_create(
            &thread, nil,
            { _ in
                OrphanedJobs.drain()
                return nil
            }, nil)
        if failure == 0 { pthread_detach(thread) } else { drain() }
    }

    private static func drain() {
        let executor = OrphanExecutor.shared
        lock.withLock { thread = cl_thread_self() }
        while true {
            let batch = takeAll()
            if batch.isEmpty { return }
            for entry in batch { run(entry, on: executor) }
        }
    }

    private static func run(_ entry: ReadyEntry, on executor: OrphanExecutor) {
        switch entry {
        case .handle: entry.discard()
        case .request(let request): try? request.takeRetainedValue().run()
        case .yielded(let continuation): continuation.resume()
        case .taskJob(let job): job.runSynchronously(on: executor.asUnownedTaskExecutor())
        case .serialJob(let job): job.runSynchronously(on: executor.asUnownedSerialExecutor())
        }
    }

    /// What waits; empty if nothing does, and then the thread must end.
    private static func takeAll() -> [ReadyEntry] {
        lock.withLock {
            defer { jobs = [] }
            if jobs.isEmpty { (hasThread, thread) = (false, 0) }
            return jobs
        }
    }
}

private final class OrphanExecutor: TaskExecutor, SerialExecutor {
    static let shared = OrphanExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        OrphanedJobs.run(.taskJob(UnownedJob(job)))
    }
}
