/// The task-local values of one moment, for callbacks that are to see them.
///
/// Callbacks run outside of any task: without a context they see the default values. A context is a task that waits
/// between one callback and the next, because nothing but a task can hold the values of another one.
///
/// Made by ``AbstractEventLoop/copyContext()``, and of use on that loop only; let go of anywhere.
///
/// asyncio: `contextvars.Context`.
public final class TaskLocalContext: @unchecked Sendable {
    private let carrier = Carrier()
    private let queue: WorkQueue
    private let executor: LoopTaskExecutor

    /// Takes the values of the calling task, or of the calling thread if no task runs there.
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

    /// Whether a callback that runs in this context may be called now: none does, and the values are of this loop.
    package func isFree(on queue: WorkQueue) -> Bool {
        self.queue === queue && carrier.isFree
    }

    /// Calls `work` so that it sees the values.
    ///
    /// On the loop's thread, in its turn, outside of any task, when the context is free.
    package func run(_ work: () -> Void) {
        withoutActuallyEscaping(work) { work in
            guard let waiting = carrier.begin(work), case .taskJob(let job)? = queue.takeJob(of: waiting) else {
                return
            }
            job.runSynchronously(on: executor.asUnownedTaskExecutor())
        }
    }
}

/// What a context and its task share; the task must not keep the context alive.
///
/// Touched by the task's first step, by the loop's thread, and by whoever lets go of the context: one after the other.
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

    /// Lets the task end: it is resumed without work.
    func end() {
        take()?.resume()
    }

    private func take() -> UnsafeContinuation<Void, Never>? {
        defer { waiting = nil }
        return waiting
    }
}
