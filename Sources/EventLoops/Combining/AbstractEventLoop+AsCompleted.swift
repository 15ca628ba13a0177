extension AbstractEventLoop {
    /// Gives futures in the order in which they are done.
    ///
    ///     for try await page in loop.asCompleted(fetches, timeout: .seconds(5)) {
    ///         show(try page.result())
    ///     }
    ///
    /// - Parameters:
    ///   - futures: Futures and tasks of this loop; one that is given twice counts once.
    ///   - timeout: How long the whole may take, from now on; nil for ever. Nothing is cancelled then.
    /// - Returns: A sequence of futures that are done. It throws ``EventLoopError`` with `.timedOut` in place of the
    ///   first that is not done in time, `.wrongLoop` for a future of another loop. asyncio: `as_completed`.
    public func asCompleted<Value>(_ futures: [Future<Value>], timeout: Duration? = nil) -> CompletedFutures<Value> {
        var seen: Set<ObjectIdentifier> = []
        let each = futures.filter { seen.insert(ObjectIdentifier($0)).inserted }
        return CompletedFutures(line: CompletionLine(core: core, each, timeout: timeout))
    }
}
