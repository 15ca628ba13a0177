/// What `wait` waits for.
///
/// asyncio: `FIRST_COMPLETED`, `FIRST_EXCEPTION`, `ALL_COMPLETED`.
public enum ReturnWhen: Sendable {
    /// Until one of the futures is done.
    case firstCompleted
    /// Until one of the futures fails, or all are done; being cancelled is not failing.
    case firstException
    /// Until all of the futures are done.
    case allCompleted
}

extension AbstractEventLoop {
    /// Waits for some futures, and says which of them are done.
    ///
    /// Nothing is cancelled: neither by the timeout, which is no error, nor if the calling task is cancelled.
    ///
    /// - Parameters:
    ///   - futures: Futures and tasks of this loop, at least one; one that is given twice counts once.
    ///   - timeout: How long to wait at most; nil for ever.
    ///   - returnWhen: What to wait for.
    /// - Returns: Those that are done and those that are not, each in the order of the argument.
    /// - Throws: `CancellationError`; ``EventLoopError``: `.invalidArgument` without futures, `.wrongLoop` for one of
    ///   another loop, `.wrongThread`, `.closed`. asyncio: `asyncio.wait`.
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
        // Here, unless the caller goes on on another thread.
        defer { queue.performOnLoop { forget() } }
        try await over.waitOrThrow("wait")
    }
}

extension Future {
    /// Whether this one, which is done, is what was waited for.
    fileprivate func ends(_ returnWhen: ReturnWhen) -> Bool {
        switch returnWhen {
        case .firstCompleted: true
        case .firstException: !isCancelled && (try? exception()) != nil
        case .allCompleted: false
        }
    }
}
