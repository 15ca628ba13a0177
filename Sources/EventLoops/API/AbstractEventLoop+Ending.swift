extension AbstractEventLoop {
    /// Cancels every task and runs the loop until they have ended, then finishes all sequences and shuts down the
    /// default executor.
    ///
    /// Errors of the tasks, except for cancellation, go to the exception handler.
    ///
    /// - Throws: What running the loop throws; ``EventLoopError`` from the shutdown.
    ///
    /// asyncio: what `asyncio.run` does at its end.
    package func endAllTasks() throws {
        // Acquired before tasks are cancelled: if the loop may not run, no task can end.
        let hold = try core.acquire(toRun: "close")
        defer { core.release(hold) }
        let ending = core.tasks.members
        for task in ending { task.cancel(message: nil) }
        let reminder = callLater(.seconds(5)) {
            // Without the task that waits for them.
            let names = ending.filter { !$0.isDone }.map { "\($0)" }.sorted().joined(separator: ", ")
            Log.write(.warning, "still waiting for tasks that were cancelled and do not end: \(names)")
        }
        try runUntilComplete { [core] in
            for task in ending { await task.ended() }
            reminder.cancel()
            core.reportFailures(of: ending)
            try await self.shutdownAsyncGenerators()
            try await self.shutdownDefaultExecutor(timeout: .seconds(300))
        }
    }
}

extension LoopCore {
    fileprivate func reportFailures(of tasks: [any EndableTask]) {
        // The error of a part goes to the task that it belongs to.
        for task in tasks where !task.isPart {
            guard let error = task.failure else { continue }
            var context = ExceptionContext(message: "unhandled exception during run() shutdown", error: error)
            context.task = task
            exceptions.report(context)
        }
    }
}
