/// The condition that ends `wait`.
///
/// asyncio: `FIRST_COMPLETED`, `FIRST_EXCEPTION`, `ALL_COMPLETED`.
public enum ReturnWhen: Sendable {
    /// One of the futures is done.
    case firstCompleted
    /// One of the futures has failed, or all are done. A cancelled future does not count as failed.
    case firstException
    /// All of the futures are done.
    case allCompleted
}

extension AbstractEventLoop {
    /// Waits for several futures, and returns which of them are done.
    ///
    /// A timeout is not an error, and cancels nothing.
    ///
    /// - Parameters:
    ///   - futures: Futures and tasks of this loop, at least one; duplicates count once.
    ///   - timeout: The maximum time to wait; nil for no limit.
    ///   - returnWhen: The condition that ends the wait.
    /// - Returns: The futures that are done, and those that are not, each in the order of the argument.
    /// - Throws: ``EventLoopError``: `.invalidArgument` if there are no futures; `.wrongLoop` if a future belongs to
    ///   another loop; `.wrongThread`; `.closed`. `CancellationError` if the task is cancelled.
    /// - Cancellation: Ends the wait and cancels nothing else.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `asyncio.wait`.
    public func wait<Value>(
        _ futures: [Future<Value>], timeout: Duration? = nil, returnWhen: ReturnWhen = .allCompleted
    ) async throws -> (done: [Future<Value>], pending: [Future<Value>]) {
        try core.checkTask("wait")
        guard !futures.isEmpty else { throw EventLoopError.invalidArgument("wait", "There are no futures to wait for") }
        for future in futures { try core.checkOwn(future, "wait") }
        var seen: Set<ObjectIdentifier> = []
        let each = futures.filter { seen.insert(ObjectIdentifier($0)).inserted }
        try await core.waitForSome(of: each, timeout, returnWhen)
        return (each.filter(\.isDone), each.filter { !$0.isDone })
    }
}

extension LoopCore {
    fileprivate func waitForSome<Value>(
        of futures: [Future<Value>], _ timeout: Duration?, _ returnWhen: ReturnWhen
    ) async throws {
        let over = WaitList(queue: queue)
        var left = futures.count
        let tokens = futures.map { future in
            future.addDoneCallback { future in
                left -= 1
                if left == 0 || future.ends(returnWhen) { over.resumeAll() }
            }
        }
        let timer = timeout.map { callAt(now.advanced(by: $0)) { over.resumeAll() } }
        nonisolated(unsafe) let forget = {
            timer?.cancel()
            for (future, token) in zip(futures, tokens) { future.removeDoneCallback(token) }
        }
        // The closure runs synchronously, unless the caller has resumed on another thread.
        defer { queue.performOnLoop { forget() } }
        try await over.waitOrThrow("wait")
    }
}

extension Future {
    /// Whether this completed future ends the wait.
    fileprivate func ends(_ returnWhen: ReturnWhen) -> Bool {
        switch returnWhen {
        case .firstCompleted: true
        case .firstException: !isCancelled && (try? exception()) != nil
        case .allCompleted: false
        }
    }
}
