/// The loop as the executor of tasks that prefer it: their code runs on the loop's thread, without a hop.
///
/// Two small objects share the loop's queue and tag their jobs, because a task's job and an actor's job must be run
/// differently and an executor that is both could not tell them apart.
package final class LoopTaskExecutor: TaskExecutor {
    fileprivate let queue: WorkQueue

    package init(queue: WorkQueue) {
        self.queue = queue
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.enqueue(.taskJob(UnownedJob(job)))
    }
}

/// The loop as the executor of actors that are pinned to it.
package final class LoopSerialExecutor: SerialExecutor {
    fileprivate let queue: WorkQueue

    package init(queue: WorkQueue) {
        self.queue = queue
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.enqueue(.serialJob(UnownedJob(job)))
    }

    /// True on the loop's thread, so that `assumeIsolated` works from plain callbacks, and where the jobs of closed
    /// loops run.
    package func isIsolatingCurrentContext() -> Bool? {
        queue.ownership.isHome && queue.isRunning || queue.ownership.runsLeftovers
    }

    package func checkIsolated() {
        precondition(
            queue.ownership.isHome || queue.ownership.runsLeftovers,
            "The code of an actor of this loop was called on another thread"
        )
    }
}

extension WorkQueue {
    /// Whether the calling task, which is isolated so, goes on here after a wait: it prefers the loop, or is in an
    /// actor that is pinned to it.
    func isReturnedTo(from isolation: (any Actor)?) -> Bool {
        if let actor = isolation, let executor = actor.unownedExecutor.asSerialExecutor() as? LoopSerialExecutor {
            return executor.queue === self
        }
        return withUnsafeCurrentTask { task in
            let executor = task?.unownedTaskExecutor?.asTaskExecutor() as? LoopTaskExecutor
            return executor?.queue === self
        }
    }
}
