internal import Kernel

/// Submitted work that can be cancelled before it begins.
///
/// The executor's job only refers to this object. Cancelling releases the work at once, although the job stays in the
/// executor's queue until its turn. The object may be used on any thread.
final class PendingWork<Value>: Sendable {
    typealias Work = @Sendable () throws -> Value

    private let lock = Lock()
    private nonisolated(unsafe) var work: Work?

    init(_ work: @escaping Work) {
        self.work = work
    }

    /// Returns the work to the first caller only.
    func take() -> Work? {
        lock.withLock { work.take() }
    }

    /// Cancels the work, if it has not begun.
    func drop() {
        // Released here, outside the lock.
        _ = take()
    }
}
