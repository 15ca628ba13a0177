extension AbstractEventLoop {
    /// Returns a future of this loop unchanged.
    ///
    /// - Parameter future: A future or task.
    /// - Returns: The same future.
    /// - Throws: ``EventLoopError``: `.wrongLoop` if the future belongs to another loop; `.wrongThread`; `.closed`.
    /// - Thread: The loop's.
    ///
    /// asyncio: `ensure_future(future)`.
    public func ensureFuture<Value>(_ future: Future<Value>) throws(EventLoopError) -> Future<Value> {
        try core.checkOwn(future, "ensureFuture")
        return future
    }

    /// Runs async code as a task of the loop.
    ///
    /// - Parameters:
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - body: The code.
    /// - Returns: The task, as for ``createTask(name:file:line:_:)``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `ensure_future(coroutine)`.
    public func ensureFuture<Value>(
        file: StaticString = #fileID, line: UInt = #line, _ body: @escaping () async throws -> Value
    ) -> Future<Value> {
        core.createTask(name: nil, at: core.place(file, line), plain: body)
    }

    /// Makes a future from a Swift task that runs elsewhere.
    ///
    /// Cancelling the future cancels the task, without waiting for its result.
    ///
    /// - Parameter task: The task.
    /// - Returns: A future that is done in a turn after the task has ended. On a closed loop it has already failed.
    /// - Thread: The loop's.
    ///
    /// asyncio: `wrap_future`.
    public func wrapFuture<Value: Sendable, Failure: Error>(_ task: Task<Value, Failure>) -> Future<Value> {
        let future = WrappingFuture<Value>(core: core) { task.cancel() }
        do throws(EventLoopError) { try core.check("wrapFuture") } catch {
            future.finishTask(.failure(error), wasCancelled: false)
            return future
        }
        let queue = core.queue
        Task.detached {
            let result = await task.result.mapError { $0 as any Error }
            queue.post { future.finishTask(result, wasCancelled: result.isCancelled) }
        }
        return future
    }

    /// Returns a future of this loop unchanged.
    ///
    /// - Parameter future: A future or task.
    /// - Returns: The same future.
    /// - Throws: Same as ``ensureFuture(_:)-(Future<Value>)``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `wrap_future`.
    public func wrapFuture<Value>(_ future: Future<Value>) throws(EventLoopError) -> Future<Value> {
        try core.checkOwn(future, "wrapFuture")
        return future
    }
}

extension Result {
    fileprivate var isCancelled: Bool {
        if case .failure(let error) = self { error is CancellationError } else { false }
    }
}
