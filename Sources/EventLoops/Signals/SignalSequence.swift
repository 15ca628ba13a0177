/// Signals of the process, one after the other as they come: what `signals(_:)` of a loop returns.
///
/// The signals are caught from the moment in which the sequence is made until it and its iterators have gone, so none
/// is missed between two calls of `next()`. Bursts of one signal are merged: at least one element follows the last of
/// them. Different signals that come together are given by their numbers.
///
/// All iterators draw from the same signals. To be used on its loop's thread.
public struct SignalSequence: AsyncSequence, Sendable {
    /// The number of a signal.
    public typealias Element = Int32

    /// Draws one signal after the other.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let line: SignalLine

        /// The number of a signal that has come; nil once the sequence has been finished by
        /// ``AbstractEventLoop/shutdownAsyncGenerators()``.
        ///
        /// - Throws: `CancellationError`, by which no signal is lost; ``EventLoopError`` with `.closed` or
        ///   `.wrongThread`.
        public mutating func next() async throws -> Int32? {
            try await line.next()
        }
    }

    let line: SignalLine

    /// Begins to draw.
    public func makeAsyncIterator() -> AsyncIterator {
        line.core.sequenceBegins()
        return AsyncIterator(line: line)
    }
}

/// Signals that have come and are not drawn yet.
///
/// Used on the loop's thread only, but for its end, which may be anywhere.
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
        // Between two runs, too: signals that nobody waits for any more must not be caught until the next one.
        if core.queue.admitsCurrentThread() { return core.signals.removeSequences(of: signals) }
        core.queue.performOnLoop { [core, signals] in
            // A loop that has been closed meanwhile has given all signals back.
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
