/// A job for an executor that settles a future of a loop.
///
/// Only the executor references it. If it is released without having run, the executor has dropped it, and the future
/// is cancelled. An outcome that arrives after the loop has closed is dropped.
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
