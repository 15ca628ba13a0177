extension AbstractEventLoop {
    /// The task of this loop whose code runs at this moment, or nil in a callback or elsewhere.
    ///
    /// Child tasks count as the task that began them, and so does a `Task {}` that runs on the loop until that task
    /// has ended.
    ///
    /// - Returns: The task; cast it to a `LoopTask` of a type to get at its result. asyncio: `current_task()`.
    public func currentTask() -> (any LoopTaskProtocol)? {
        CancellationScope.owner(on: core.queue)
    }

    /// The tasks of this loop that have not ended, in no order.
    ///
    /// - Thread: The loop's; elsewhere it is empty while the loop runs. asyncio: `all_tasks(loop)`.
    public var allTasks: [any LoopTaskProtocol] {
        guard core.queue.allowsInspection else { return [] }
        return core.tasks.members.filter { !$0.isPart }
    }
}
