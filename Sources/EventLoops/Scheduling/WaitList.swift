/// Tasks that wait for one event of the loop.
///
/// All of it happens on the loop's thread; only cancelling may come from elsewhere, and is handed over.
package final class WaitList: @unchecked Sendable {
    private struct Waiter {
        let number: UInt64
        let continuation: UnsafeContinuation<Bool, Never>
    }

    private let queue: WorkQueue
    private var waiters: [Waiter] = []
    private var lastNumber: UInt64 = 0

    package init(queue: WorkQueue) {
        self.queue = queue
    }

    package var isEmpty: Bool {
        waiters.isEmpty
    }

    /// Suspends the calling task: true once the event has happened, false if the task was cancelled first.
    package func wait() async -> Bool {
        lastNumber &+= 1
        let number = lastNumber
        return await withTaskCancellationHandler {
            // A task that was cancelled before has had its handler called already: nobody would wake it.
            if Task.isCancelled { return false }
            return await withUnsafeContinuation { waiters.append(Waiter(number: number, continuation: $0)) }
        } onCancel: {
            queue.performOnLoop { self.cancel(number) }
        }
    }

    /// The event has happened: every waiting task goes on, in the order in which they came.
    package func resumeAll() {
        for waiter in waiters { waiter.continuation.resume(returning: true) }
        waiters.removeAll(keepingCapacity: true)
    }

    private func cancel(_ number: UInt64) {
        guard let index = waiters.firstIndex(where: { $0.number == number }) else { return }
        waiters.remove(at: index).continuation.resume(returning: false)
    }
}
