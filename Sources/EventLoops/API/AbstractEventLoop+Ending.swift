extension AbstractEventLoop {
    /// Cancels every task and runs the loop until they have ended, then finishes all sequences and shuts down the
    /// default executor.
    ///
    /// Errors of the tasks, except for cancellation, go to the exception handler.
    ///
    /// - Throws: What ``runForever()`` throws; ``EventLoopError`` if the shutdown fails.
    ///
    /// asyncio: the last steps of `asyncio.run`.
    package func endAllTasks() throws {
        // Acquired before tasks are cancelled: if the loop may not run, no task can end.
        let hold = try core.acquire(toRun: "close")
        defer { core.release(hold) }
        let ending = core.tasks.members
        for task in ending { task.cancel(message: nil) }
        let reminder = callLater(.seconds(5)) {
            // `ending` does not contain the task below, which waits for the others.
            let names = ending.filter { !$0.isDone }.map { "\($0)" }.sorted().joined(separator: ", ")
            Log.write(.warning, "still waiting for cancelled tasks to end: \(names)")
        }
        try runUntilComplete { [core] in
            for task in ending { await task.ended() }
            // The run may have been stopped, and the loop closed, because a task did not end.
            if core.isClosed { return }
            reminder.cancel()
            core.reportFailures(of: ending)
            try await self.shutdownAsyncGenerators()
            try await self.shutdownDefaultExecutor(timeout: .seconds(300))
        }
    }
}

extension LoopCore {
    fileprivate func reportFailures(of tasks: [any EndableTask]) {
        // The error of a part belongs to the whole task.
        for task in tasks where !task.isPart {
            guard let error = task.failure else { continue }
            var context = ExceptionContext(message: "unhandled exception during run() shutdown", error: error)
            context.task = task
            exceptions.report(context)
        }
    }
}
