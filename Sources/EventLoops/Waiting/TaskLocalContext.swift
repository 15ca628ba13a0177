/// A snapshot of task-local values, for callbacks that should see them.
///
/// Callbacks run outside any task, so without a context they see the default values. A context is a task that is
/// suspended between callbacks, because only a task can keep another task's values.
///
/// Made by ``AbstractEventLoop/copyContext()`` and usable on that loop only. It may be released on any thread.
///
/// asyncio: `contextvars.Context`.
public final class TaskLocalContext: @unchecked Sendable {
    private let carrier = Carrier()
    private let queue: WorkQueue
    private let executor: LoopTaskExecutor

    /// Copies the values of the calling task, or of the calling thread if there is no task.
    package init(queue: WorkQueue, executor: LoopTaskExecutor) {
        self.queue = queue
        self.executor = executor
        Task.immediate(executorPreference: executor) { [carrier] in
            await CancellationScope.outside { await carrier.serve() }
        }
    }

    deinit {
        carrier.end()
    }

    /// Whether a callback can run in this context now: no other callback is, and the context belongs to this loop.
    package func isFree(on queue: WorkQueue) -> Bool {
        self.queue === queue && carrier.isFree
    }

    /// Calls `work` so that it sees the context's values.
    ///
    /// Call it on the loop's thread, during a turn, outside any task, while the context is free.
    package func run(_ work: () -> Void) {
        withoutActuallyEscaping(work) { work in
            guard let waiting = carrier.begin(work), case .taskJob(let job)? = queue.takeJob(of: waiting) else {
                return
            }
            job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
    }
}

/// Shared by a context and its task, so that the task does not keep the context alive.
///
/// Accessed by the task's first step, by the loop's thread, and by the thread that releases the context: never at the
/// same time.
private final class Carrier: @unchecked Sendable {
    private var waiting: UnsafeContinuation<Void, Never>?
    private var work: (() -> Void)?

    var isFree: Bool {
        waiting != nil
    }

    func serve() async {
        while true {
            await withUnsafeContinuation { waiting = $0 }
            guard let work else { return }
            self.work = nil
            work()
        }
    }

    func begin(_ work: @escaping () -> Void) -> UnsafeContinuation<Void, Never>? {
        self.work = work
        return take()
    }

    /// Ends the task by resuming it without work.
    func end() {
        take()?.resume()
    }

    private func take() -> UnsafeContinuation<Void, Never>? {
        defer { waiting = nil }
        return waiting
    }
}
