import Glibc
import Synchronization

/// Jobs whose loop is closed.
///
/// A job that is dropped leaves its task suspended for ever, with all it holds. So these run after all, one at a time,
/// on a thread of their own: every handle of the closed loop answers them with an error, and their tasks can end.
package enum OrphanedJobs {
    private struct Waiting {
        var jobs: [ReadyEntry] = []
        var hasThread = false
    }

    private static let waiting = Mutex(Waiting())

    package static func run(_ entry: ReadyEntry) {
        let needsThread = waiting.withLock { waiting in
            waiting.jobs.append(entry)
            if waiting.hasThread { return false }
            waiting.hasThread = true
            return true
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
        while let entry = takeOne() {
            switch entry {
            case .handle: entry.discard()
            case .request(let request): try? request.takeRetainedValue().run()
            case .yielded(let continuation): continuation.resume()
            case .taskJob(let job): job.runSynchronously(on: executor.asUnownedTaskExecutor())
            case .serialJob(let job): job.runSynchronously(on: executor.asUnownedSerialExecutor())
            }
        }
    }

    private static func takeOne() -> ReadyEntry? {
        waiting.withLock { waiting in
            if waiting.jobs.isEmpty {
                waiting.hasThread = false
                return nil
            }
            return waiting.jobs.removeFirst()
        }
    }
}

private final class OrphanExecutor: TaskExecutor, SerialExecutor {
    static let shared = OrphanExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        OrphanedJobs.run(.taskJob(UnownedJob(job)))
    }
}
