internal import Kernel

/// Runs blocking code on a thread of its own.
///
/// Test bodies run on threads of a pool, which a loop must not block or own.
///
/// The code runs in a task, so that issues that it records belong to the running test.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await Task(executorPreference: ThreadForEach()) { try body() }.value
}

/// Runs each job on a new thread.
private final class ThreadForEach: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let failure = DetachedThread.start(name: "test") { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        precondition(failure == 0, "cannot start a thread for a test")
    }
}
