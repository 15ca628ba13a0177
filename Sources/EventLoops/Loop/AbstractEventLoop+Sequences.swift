extension AbstractEventLoop {
    /// Finishes every async sequence that the loop feeds: chunks and lines of streams, signals, futures as they are
    /// done.
    ///
    /// Tasks that wait in `next()` get nil and go on before this returns; later calls of `next()` give nil at once.
    /// That is for good: a sequence that is begun afterwards is empty, and a warning goes to the log. Streams
    /// themselves stay as they are, and can be read by ``StreamReader/read(_:)`` and its like.
    ///
    /// `run` and `Runner` call it at their end, after all tasks have ended.
    ///
    /// - Throws: ``EventLoopError`` with `.closed` or `.wrongThread`; `CancellationError`, with all sequences finished.
    ///   asyncio: `shutdown_asyncgens`.
    public func shutdownAsyncGenerators() async throws {
        try core.checkTask("shutdownAsyncGenerators")
        core.areSequencesOver = true
        core.signals.endSequences()
        core.queue.endSequenceWaits()
        // Those who waited are in the queue already: one turn later they have seen the end.
        try await core.yieldTurn()
    }
}

extension LoopCore {
    /// Says aloud that a sequence comes too late.
    ///
    /// asyncio: `ResourceWarning`.
    func sequenceBegins() {
        // Elsewhere `next()` throws.
        guard queue.isTurning, areSequencesOver else { return }
        Log.write(.warning, "an async sequence was begun after shutdownAsyncGenerators: it is empty")
    }
}
