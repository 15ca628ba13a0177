extension AbstractEventLoop {
    /// Makes a future of this loop.
    ///
    /// - Parameters:
    ///   - type: The type of the result.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    /// - Returns: A pending future.
    ///
    /// asyncio: `create_future`.
    public func createFuture<Value>(
        of type: Value.Type = Value.self, file: StaticString = #fileID, line: UInt = #line
    ) -> Future<Value> {
        Future(core: core, at: core.place(file, line))
    }

    /// Runs async code as a task of the loop, starting in the next turn.
    ///
    /// The code, and everything that it awaits from this library, runs on the loop's thread, without a hop. It can
    /// share plain mutable state with all other code that runs there. Async functions of your own that receive such
    /// state must be `nonisolated(nonsending)`, which the upcoming feature `NonisolatedNonsendingByDefault` makes the
    /// default.
    ///
    /// Waits in this library throw `.wrongThread` if the task would continue on another thread: in a `Task.immediate`
    /// that does not prefer ``taskExecutor``, and in an actor that other threads are using. An actor that is pinned to
    /// the loop can wait in any task.
    ///
    /// Python's `await task` is `try await task.value` here. A closure at the top level of main.swift is isolated to
    /// the main actor, which does not run on the loop: there, use `run { loop in … }`, `loop.runUntilComplete { … }` or
    /// `createTask { @Sendable in … }`.
    ///
    /// - Parameters:
    ///   - name: The task's name, for humans; nil for a numbered default.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - body: The code; nonisolated, or isolated to an actor that is pinned to this loop. Pass an existing closure
    ///     as `createTask { try await body() }`.
    /// - Returns: The task. It has already failed with an ``EventLoopError`` if the loop is closed, the calling thread
    ///   is not the loop's, or the body is isolated elsewhere.
    /// - Thread: The loop's.
    ///
    /// asyncio: `create_task`.
    @discardableResult
    public func createTask<Value>(
        name: String? = nil, file: StaticString = #fileID, line: UInt = #line,
        _ body: @escaping @isolated(any) () async throws -> Value
    ) -> LoopTask<Value> {
        core.createTask(name: name, file: file, line: line, body)
    }

    /// Like ``createTask(name:file:line:_:)``, for a closure that is not isolated.
    package func createTask<Value>(
        name: String?, at place: SourcePlace?, plain body: @escaping () async throws -> Value
    ) -> LoopTask<Value> {
        core.createTask(name: name, at: place, plain: body)
    }

    /// Runs async code as a task of the loop, from any thread.
    ///
    /// - Parameters:
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - body: The code; what it captures can no longer be used elsewhere.
    /// - Returns: What the code returns.
    /// - Throws: What the code throws; ``EventLoopError`` with `.closed`; `CancellationError` if the task is cancelled.
    /// - Thread: Any.
    /// - Cancellation: Cancels the code.
    ///
    /// asyncio: `run_coroutine_threadsafe`.
    public func runCoroutineThreadsafe<Value: Sendable>(
        file: StaticString = #fileID, line: UInt = #line, _ body: sending @escaping () async throws -> Value
    ) async throws -> Value {
        guard !core.isClosed else { throw EventLoopError.closed("runCoroutineThreadsafe") }
        nonisolated(unsafe) let body = body
        let place = core.place(file, line)
        // A task that the loop tracks, so that closing the loop ends it like any other.
        let task = Task(executorPreference: core.taskExecutor) { [core] in
            try await core.createTask(name: nil, at: place, plain: body).value
        }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    /// The loop's task executor, for `Task(executorPreference:)` and task groups.
    public var taskExecutor: any TaskExecutor {
        core.taskExecutor
    }

    /// The loop's serial executor: an actor that returns it as its `unownedExecutor` runs on the loop's thread.
    ///
    /// Call such an actor from tasks of the loop: in other tasks, each resumption takes a detour through a thread of
    /// the global pool.
    public var serialExecutor: any SerialExecutor {
        core.serialExecutor
    }
}

extension Future {
    /// The loop that the future belongs to; nil if the loop has been released.
    ///
    /// asyncio: `get_loop`.
    public final var loop: (any AbstractEventLoop)? {
        core.loop as? any AbstractEventLoop
    }
}
