internal import Kernel

/// Runs blocking code on a thread of its own: test bodies run on threads of a pool, which a loop must not block or own.
///
/// In a task, so that what is recorded there belongs to the test that runs.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await Task(executorPreference: ThreadForEach()) { try body() }.value
}

/// Runs each job on a new thread.
private final class ThreadForEach: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let failure = DetachedThread.start(name: "test") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        precondition(failure == 0, "no thread for a test")
    }
}
