/// An async sequence of the signals that the process receives, in the order of arrival; made by `signals(_:)`.
///
/// The signals are caught from the creation of the sequence until it and its iterators are released, so none is missed
/// between two calls of `next()`. Bursts of one signal are merged: at least one element follows the last of them.
/// Different signals that arrive together are ordered by number.
///
/// All iterators share the same signals.
///
/// - Thread: The loop's.
public struct SignalSequence: AsyncSequence, Sendable {
    /// The number of a signal.
    public typealias Element = Int32

    /// An iterator that returns the signals one by one.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let line: SignalLine

        /// Returns the number of the next signal; nil after ``AbstractEventLoop/shutdownAsyncGenerators()`` has
        /// finished the sequence.
        ///
        /// - Throws: ``EventLoopError`` with `.closed` or `.wrongThread`; `CancellationError` if the task is cancelled.
        /// - Cancellation: Ends the wait; no signal is lost.
        /// - Thread: A task of the loop.
        public mutating func next() async throws -> Int32? {
            try await line.next()
        }
    }

    let line: SignalLine

    /// Creates an iterator.
    public func makeAsyncIterator() -> AsyncIterator {
        line.core.sequenceBegins()
        return AsyncIterator(line: line)
    }
}

/// Signals that have arrived but have not been returned yet.
///
/// It is used on the loop's thread, except for `deinit`, which may run on any thread.
final class SignalLine: SignalListener, @unchecked Sendable {
    let core: LoopCore
    let signals: Set<Int32>
    private let changed: WaitList
    private var pending: UInt64 = 0
    private(set) var hasEnded = false

    init(core: LoopCore, signals: Set<Int32>) {
        self.core = core
        self.signals = signals
        changed = WaitList(queue: core.queue)
    }

    deinit {
        guard !hasEnded, !core.isClosed else { return }
        // Done at once even between runs: a signal without a listener must not stay caught until the next run.
        if core.queue.ownership.allowsUse() { return core.signals.removeSequences(of: signals) }
        core.queue.performOnLoop { [core, signals] in
            // If the loop was closed in the meantime, it has released all signals.
            if !core.isClosed { core.signals.removeSequences(of: signals) }
        }
    }

    func add(_ signal: Int32) {
        pending |= 1 << UInt64(signal - 1)
        changed.resumeAll()
    }

    func end() {
        hasEnded = true
        changed.resumeAll()
    }

    func next() async throws -> Int32? {
        try core.checkTask("signals")
        while !hasEnded, pending == 0 {
            try await changed.waitOrThrow("signals", inSequence: true)
        }
        if hasEnded { return nil }
        defer { pending &= pending - 1 }
        return Int32(pending.trailingZeroBitCount) + 1
    }
}
