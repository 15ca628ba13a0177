extension AbstractEventLoop {
    /// Makes a future of this loop.
    ///
    /// - Parameters:
    ///   - type: What its result will be.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    /// - Returns: A future that is pending. asyncio: `create_future`.
    public func createFuture<Value>(
        of type: Value.Type = Value.self, file: StaticString = #fileID, line: UInt = #line
    ) -> Future<Value> {
        Future(core: core, at: core.place(file, line))
    }

    /// Runs async code as a task of the loop, beginning in the next turn.
    ///
    /// The code and all that it awaits from this library runs on the loop's thread without a hop, and may share plain
    /// mutable state with everything else that runs there. Async functions of your own that take such state must be
    /// `nonisolated(nonsending)`, which the upcoming feature `NonisolatedNonsendingByDefault` makes the default.
    ///
    /// Waits of this library are refused with `.wrongThread` where the task would go on elsewhere: in a
    /// `Task.immediate` that does not prefer ``taskExecutor``, and in an actor while threads other than the loop's use
    /// it. An actor that is pinned to the loop may wait in any task.
    ///
    /// Python's `await task` is `try await task.value` here. At the top level of main.swift a closure is the main
    /// actor's, which does not run on the loop: there the forms are `run { loop in … }` and
    /// `loop.runUntilComplete { … }`, or `createTask { @Sendable in … }`.
    ///
    /// - Parameters:
    ///   - name: The task's name, for people; nil for a number.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - body: The code; nonisolated, or isolated to an actor that is pinned to this loop. A closure that you hold
    ///     already is given as `createTask { try await body() }`.
    /// - Returns: The task. On a closed loop, off the loop's thread, or for a body that is isolated elsewhere it has
    ///   failed already, with an ``EventLoopError``. asyncio: `create_task`.
    @discardableResult
    public func createTask<Value>(
        name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
        _ body: @escaping @isolated(any) () async throws -> Value
    ) -> LoopTask<Value> {
        core.createTask(name: name, file: file, line: line, body)
    }

    /// As ``createTask(name:file:line:_:)``, for a closure that is known not to be isolated.
    package func createTask<Value>(
        name: String?, at place: SourcePlace?, plain body: @escaping () async throws -> Value
    ) -> LoopTask<Value> {
        core.createTask(name: name, at: place, plain: body)
    }

    /// Runs async code as a task of the loop, from any thread.
    ///
    /// - Parameters:
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - body: The code; nothing that it takes along may be used elsewhere any more.
    /// - Returns: What the code returns, once it has ended.
    /// - Throws: What the code throws; ``EventLoopError`` with `.closed`; `CancellationError`, which also cancels the
    ///   task. asyncio: `run_coroutine_threadsafe`.
    public func runCoroutineThreadsafe<Value: Sendable>(
        file: StaticString = #fileID, line: UInt = #line, _ body: sending @escaping () async throws -> Value
    ) async throws -> Value {
        guard !core.isClosed else { throw EventLoopError.closed("runCoroutineThreadsafe") }
        nonisolated(unsafe) let body = body
        let place = core.place(file, line)
        // A task of the loop's own, so that closing the loop ends it as any other.
        let task = Task(executorPreference: core.taskExecutor) { [core] in
            try await core.createTask(name: nil, at: place, plain: body).value
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// The loop as a task executor, for `Task(executorPreference:)` and task groups.
    public var taskExecutor: any TaskExecutor {
        core.taskExecutor
    }

    /// The loop as a serial executor: an actor that returns it as its `unownedExecutor` runs on the loop's thread.
    ///
    /// Use such an actor inside tasks of the loop only: elsewhere each of its suspensions passes through a thread of
    /// the global pool on its way back.
    public var serialExecutor: any SerialExecutor {
        core.serialExecutor
    }
}

extension Future {
    /// The loop to which the future belongs; nil if it is gone.
    ///
    /// asyncio: `get_loop`.
    public final var loop: (any AbstractEventLoop)? {
        core.loop as? any AbstractEventLoop
    }
}
