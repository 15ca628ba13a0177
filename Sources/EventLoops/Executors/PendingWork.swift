internal import Kernel

/// Work that somebody has given away and may still call off, until it is begun.
///
/// The executor holds a job that only refers to this; so what the work itself holds goes at once when it is called off,
/// though the job keeps its place until its turn comes. Any thread.
final class PendingWork<Value>: Sendable {
    typealias Work = @Sendable () throws -> Value

    private let lock = Lock()
    private nonisolated(unsafe) var work: Work?

    init(_ work: @escaping Work) {
        self.work = work
    }

    /// Hands the work out: to the first who asks.
    func take() -> Work? {
        lock.withLock { work.take() }
    }

    /// Calls the work off, if it has not begun.
    func drop() {
        // Goes here and not under the lock.
        _ = take()
    }
}
