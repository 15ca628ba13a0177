/// Futures in the order in which they complete, as `asCompleted` returns them.
///
/// All iterators share the same futures. Ending the iteration early cancels nothing.
///
/// asyncio: what `as_completed` returns, iterated with `async for`.
public struct CompletedFutures<Value>: AsyncSequence {
    /// A completed future.
    public typealias Element = Future<Value>

    /// An iterator that returns the futures one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let line: CompletionLine<Value>

        /// Returns the next completed future, or nil after the last one.
        ///
        /// It also returns nil after ``AbstractEventLoop/shutdownAsyncGenerators()`` has finished all sequences.
        ///
        /// - Returns: A completed future; read its result with `result()`.
        /// - Throws: ``EventLoopError``: `.timedOut` after the timeout, once no completed future is left; `.wrongLoop`
        ///   if a future belongs to another loop. `CancellationError` if the task is cancelled.
        /// - Cancellation: Ends the wait; no future is lost.
        public mutating func next() async throws -> Future<Value>? {
            try await line.next()
        }
    }

    let line: CompletionLine<Value>

    /// Starts an iteration.
    public func makeAsyncIterator() -> AsyncIterator {
        line.core.sequenceBegins()
        return AsyncIterator(line: line)
    }
}

/// The completed futures that have not been returned yet, and the number of pending ones.
final class CompletionLine<Value> {
    let core: LoopCore
    private let changed: WaitList
    private var done: [Future<Value>] = []
    private var drawn = 0
    private var left: Int
    private var hasExpired = false
    private var refusal: EventLoopError?
    private var timer: TimerHandle?

    init(core: LoopCore, _ futures: [Future<Value>], timeout: Duration?) {
        self.core = core
        changed = WaitList(queue: core.queue)
        left = futures.count
        do throws(EventLoopError) {
            for future in futures { try core.checkOwn(future, "asCompleted") }
        } catch {
            refusal = error
            return
        }
        // Iterators reference this object; without iterators, completed futures need not be recorded.
        for future in futures {
            future.addDoneCallback { [weak self] future in self?.add(future) }
        }
        timer = timeout.map { core.callAt(core.now.advanced(by: $0)) { [weak self] in self?.expire() } }
    }

    deinit {
        if core.queue.ownership.isHome { timer?.cancel() }
    }

    private func add(_ future: Future<Value>) {
        done.append(future)
        left -= 1
        if left == 0 { timer?.cancel() }
        changed.resumeAll()
    }

    private func expire() {
        hasExpired = true
        changed.resumeAll()
    }

    func next() async throws -> Future<Value>? {
        if let refusal { throw refusal }
        try core.checkTask("asCompleted")
        while !core.areSequencesOver {
            if drawn < done.count { return draw() }
            if left == 0 { return nil }
            if hasExpired {
                throw EventLoopError(.timedOut, "asCompleted", detail: "\(left) futures were not done in time")
            }
            try await changed.waitOrThrow("asCompleted", inSequence: true)
        }
        return nil
    }

    private func draw() -> Future<Value> {
        defer { drawn += 1 }
        return done[drawn]
    }
}
