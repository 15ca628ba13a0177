/// A job on its way to an executor, and its outcome on the way back to a future of a loop.
///
/// Only the executor holds it: if it goes without having been run, the executor has dropped it, and the future is
/// cancelled. What comes when the loop is closed is dropped.
final class FutureJob<Value: Sendable>: Sendable {
    private let work: PendingWork<Value>
    private let future: Future<Value>
    private let queue: WorkQueue

    init(_ work: PendingWork<Value>, for future: Future<Value>) {
        self.work = work
        self.future = future
        queue = future.core.queue
    }

    func run() {
        guard let work = work.take() else { return }
        let result = Result { try work() }
        queue.post { [future] in future.finishTask(result, wasCancelled: false) }
    }

    deinit {
        guard work.take() != nil else { return }
        queue.post { [future] in future.cancel(message: "The executor dropped the job") }
    }
}
