extension AbstractEventLoop {
    /// Finishes every async sequence of the loop: chunks and lines of streams, signals, completed futures.
    ///
    /// Tasks that wait in `next()` get nil and resume before this returns; later calls of `next()` return nil at once.
    /// This is permanent: a sequence that is started afterwards is empty, and the log gets a warning. Streams are not
    /// affected, and can be read with ``StreamReader/read(_:)`` and the like.
    ///
    /// `run` and `Runner` call it at the end, after all tasks have ended.
    ///
    /// - Throws: ``EventLoopError`` with `.closed` or `.wrongThread`; `CancellationError` if the task is cancelled.
    /// - Cancellation: All sequences are finished nevertheless.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `shutdown_asyncgens`.
    public func shutdownAsyncGenerators() async throws {
        try core.checkTask("shutdownAsyncGenerators")
        core.areSequencesOver = true
        core.signals.endSequences()
        core.queue.endSequenceWaits()
        // The waiting tasks are queued, so they see the end of their sequences within one turn.
        try await core.yieldTurn()
    }
}

extension LoopCore {
    /// Warns if a sequence is started after the shutdown.
    ///
    /// asyncio: `ResourceWarning`.
    func sequenceBegins() {
        // No warning is needed on other threads, where `next()` throws.
        guard queue.isTurning, areSequencesOver else { return }
        Log.write(.warning, "an async sequence was started after shutdownAsyncGenerators: it is empty")
    }
}
