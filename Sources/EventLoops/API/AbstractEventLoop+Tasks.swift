extension AbstractEventLoop {
    /// The task of this loop whose code is running, or nil in a callback or elsewhere.
    ///
    /// A child task counts as the task that started it. So does a `Task {}` that runs on the loop, until the task that
    /// started it has ended.
    ///
    /// - Returns: The task; cast it to `LoopTask` of its result's type to read the result.
    ///
    /// asyncio: `current_task()`.
    public func currentTask() -> (any LoopTaskProtocol)? {
        CancellationScope.owner(on: core.queue)
    }

    /// The tasks of this loop that have not ended, in no particular order.
    ///
    /// - Thread: The loop's. Empty on other threads while the loop runs.
    ///
    /// asyncio: `all_tasks(loop)`.
    public var allTasks: [any LoopTaskProtocol] {
        guard core.queue.allowsInspection else { return [] }
        return core.tasks.members.filter { !$0.isPart }
    }
}
