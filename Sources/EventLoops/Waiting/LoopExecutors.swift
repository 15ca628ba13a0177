/// The executor of tasks that prefer the loop: their code runs on the loop's thread, without a hop.
///
/// There are two small objects that share the loop's queue and tag their jobs, because a task's job and an actor's job
/// are run in different ways, and a single executor could not distinguish them.
package final class LoopTaskExecutor: TaskExecutor {
    fileprivate let queue: WorkQueue

    package init(queue: WorkQueue) {
        self.queue = queue
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.enqueue(.taskJob(UnownedJob(job)))
    }
}

/// The executor of actors that are pinned to the loop.
package final class LoopSerialExecutor: SerialExecutor {
    fileprivate let queue: WorkQueue

    package init(queue: WorkQueue) {
        self.queue = queue
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        queue.enqueue(.serialJob(UnownedJob(job)))
    }

    /// True on the loop's thread, so that `assumeIsolated` works in plain callbacks, and on the thread for orphaned
    /// jobs.
    package func isIsolatingCurrentContext() -> Bool? {
        queue.ownership.isHome && queue.isRunning || queue.ownership.runsLeftovers
    }

    package func checkIsolated() {
        precondition(
            queue.ownership.isHome || queue.ownership.runsLeftovers,
            "Code of an actor of this loop was called on another thread"
        )
    }
}

extension WorkQueue {
    /// Whether the calling task, with this isolation, continues on this loop after a wait: it prefers the loop, or is
    /// in an actor that is pinned to it.
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
