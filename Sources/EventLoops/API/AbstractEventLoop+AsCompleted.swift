extension AbstractEventLoop {
    /// Returns futures in the order in which they complete.
    ///
    ///     for try await page in loop.asCompleted(fetches, timeout: .seconds(5)) {
    ///         show(try page.result())
    ///     }
    ///
    /// - Parameters:
    ///   - futures: Futures and tasks of this loop; duplicates count once.
    ///   - timeout: The maximum time for the whole iteration, starting now; nil for no limit. A timeout cancels
    ///     nothing.
    /// - Returns: A sequence of completed futures. Its iterators throw ``EventLoopError``: `.timedOut` if a future is
    ///   not done in time; `.wrongLoop` if a future belongs to another loop.
    /// - Thread: The loop's.
    ///
    /// asyncio: `as_completed`.
    public func asCompleted<Value>(_ futures: [Future<Value>], timeout: Duration? = nil) -> CompletedFutures<Value> {
        var seen: Set<ObjectIdentifier> = []
        let each = futures.filter { seen.insert(ObjectIdentifier($0)).inserted }
        return CompletedFutures(line: CompletionLine(core: core, each, timeout: timeout))
    }
}
