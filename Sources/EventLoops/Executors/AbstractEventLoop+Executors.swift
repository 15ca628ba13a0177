internal import Kernel
import Synchronization

extension AbstractEventLoop {
    /// Runs blocking work on a thread of an executor.
    ///
    /// - Parameters:
    ///   - executor: The executor; nil for the loop's default one, which is made at first use.
    ///   - work: What to run; never on the loop's thread.
    /// - Returns: A future of the result. Cancelling it drops work that has not begun; work that has begun runs to its
    ///   end. On a closed loop or an executor that is shut down the future has failed already. asyncio:
    ///   `run_in_executor`.
    public func runInExecutor<Value: Sendable>(
        _ executor: ThreadPoolExecutor? = nil, _ work: @escaping @Sendable () throws -> Value
    ) -> Future<Value> {
        core.runInExecutor(executor, work)
    }

    /// Sets the executor for ``runInExecutor(_:_:)`` and for names.
    ///
    /// - Parameter executor: The executor; the loop shuts it down when it closes. asyncio: `set_default_executor`.
    public func setDefaultExecutor(_ executor: ThreadPoolExecutor) {
        guard core.admits("setDefaultExecutor") else { return }
        core.defaultExecutor = executor
    }

    /// Shuts the default executor down for good, and waits until its threads have ended.
    ///
    /// - Parameter timeout: How long to wait at most; nil for ever.
    /// - Throws: ``EventLoopError`` with `.timedOut`: the threads are then left to end by themselves;
    ///   `CancellationError`. asyncio: `shutdown_default_executor`.
    public func shutdownDefaultExecutor(timeout: Duration? = nil) async throws {
        try core.checkTask("shutdownDefaultExecutor")
        core.isExecutorShutDown = true
        guard let executor = core.defaultExecutor else { return }
        let ended = createFuture(of: Bool.self)
        let queue = core.queue
        // The pool's own threads cannot wait for themselves.
        let failure = DetachedThread.start(name: "proactor-shutdown") {
            executor.shutdown(wait: true)
            _ = queue.post(Handle { if !ended.isDone { try ended.setResult(true) } })
        }
        guard failure == 0 else { throw EventLoopError(.system, "pthread_create", errno: Errno(rawValue: failure)) }
        let timer = timeout.map { callLater($0) { if !ended.isDone { try ended.setResult(false) } } }
        let isOver = try await ended.value
        timer?.cancel()
        guard isOver else {
            throw EventLoopError(.timedOut, "shutdownDefaultExecutor", detail: "Threads of the executor still run")
        }
    }
}

extension LoopCore {
    func runInExecutor<Value: Sendable>(
        _ executor: ThreadPoolExecutor?, _ work: @escaping @Sendable () throws -> Value
    ) -> Future<Value> {
        let future = Future<Value>(core: self)
        let isCancelled = CancelFlag()
        do {
            try check("runInExecutor")
            let pool = try executor ?? makeDefaultExecutor()
            let queue = queue
            try pool.submit {
                guard !isCancelled.isSet else { return }
                let result = Result { try work() }
                _ = queue.post(Handle { future.finishTask(result, wasCancelled: false) })
            }
            future.addDoneCallback { if $0.isCancelled { isCancelled.set() } }
        } catch {
            future.finishTask(.failure(error), wasCancelled: false)
        }
        return future
    }

    func makeDefaultExecutor() throws(EventLoopError) -> ThreadPoolExecutor {
        guard !isExecutorShutDown else {
            throw EventLoopError(.executorShutDown, "runInExecutor", detail: "Executor shutdown has been called")
        }
        if let defaultExecutor { return defaultExecutor }
        let pool = ThreadPoolExecutor()
        defaultExecutor = pool
        return pool
    }
}

/// Says to another thread that nobody waits any more.
private final class CancelFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool {
        flag.load(ordering: .relaxed)
    }

    func set() {
        flag.store(true, ordering: .relaxed)
    }
}
