internal import CLinux
internal import Kernel

/// Jobs whose loop is closed.
///
/// Dropping a job would leave its task suspended forever, along with everything that it retains. So these jobs still
/// run, one at a time, on a thread of their own. Every call on the closed loop returns an error there, so their tasks
/// can end.
package enum OrphanedJobs {
    private static let lock = Lock()
    // Everything below is guarded by the lock.
    private nonisolated(unsafe) static var jobs: [ReadyEntry] = []
    private nonisolated(unsafe) static var hasThread = false
    /// The thread that runs the jobs; 0 until it has started.
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
        let failure = DetachedThread.start(name: "proactor-orphan") { drain() }
        // If no thread can be started, run the jobs here: otherwise they would never run.
        if failure != 0 { drain() }
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

    /// Removes and returns the waiting jobs; if there are none, the thread must terminate.
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
