extension LoopCore {
    /// Makes a task from a closure that is nonisolated, or isolated to an actor of this loop.
    func createTask<Value>(
        name: String?, file: StaticString, line: UInt,
        _ body: @escaping @isolated(any) () async throws -> Value
    ) -> LoopTask<Value> {
        let place = place(file, line)
        if let actor = body.isolation, actor.unownedExecutor.asSerialExecutor() !== serialExecutor {
            let error = EventLoopError(
                .wrongThread, "createTask",
                detail:
                    "The closure is isolated to \(actor), which does not run on this loop: write "
                    + "`createTask { @Sendable in … }`, call it inside `run`, or pin the actor to the loop with "
                    + "`unownedExecutor`")
            return refusedTask(name: name, at: place, error)
        }
        nonisolated(unsafe) let body: @concurrent () async throws -> Value = body
        return createTask(name: name, at: place, concurrent: body)
    }

    private func createTask<Value>(
        name: String?, at place: SourcePlace?, concurrent body: @escaping @concurrent () async throws -> Value
    ) -> LoopTask<Value> {
        // Check before any access to the loop, because another thread may be running it.
        do throws(EventLoopError) { try check("createTask") } catch {
            return refusedTask(name: name, at: place, error)
        }
        if taskFactory != nil, let loop = loop as? any AbstractEventLoop, let factory = loop.taskFactory {
            nonisolated(unsafe) let plain: () async throws -> Value = body
            let task = factory.makeTask(on: loop, name: name, plain)
            if let name { task.name = name }
            // The factory knows only its own source place.
            if let place { task.place = place }
            return task
        }
        let task = LoopTask<Value>(core: self, name: name, at: place)
        task.start(body)
        return task
    }

    private func refusedTask<Value>(
        name: String?, at place: SourcePlace?, _ error: EventLoopError
    ) -> LoopTask<Value> {
        let task = LoopTask<Value>(core: self, name: name, at: place, isRefused: true)
        task.finishTask(throwing: error, wasCancelled: false, name: task.name)
        return task
    }

    /// Makes a task from a closure that is not isolated.
    package func createTask<Value>(
        name: String?, at place: SourcePlace? = nil, plain body: @escaping () async throws -> Value
    ) -> LoopTask<Value> {
        nonisolated(unsafe) let body = body
        return createTask(name: name, at: place, concurrent: body)
    }
}
