extension AbstractEventLoop {
    /// Protects a future from cancellation by its waiters.
    ///
    /// Cancelling the returned future, or a task that waits for it, does not affect the protected future. Cancelling
    /// the protected future cancels the returned one.
    ///
    ///     try await loop.shield(save).value
    ///
    /// - Parameter future: A future or task of this loop.
    /// - Returns: A future with the same outcome; the future itself if it is done. If it belongs to another loop, the
    ///   returned future has already failed with ``EventLoopError/Code/wrongLoop``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `shield(future)`.
    public func shield<Value>(_ future: Future<Value>) -> Future<Value> {
        let outer = Future<Value>(core: core)
        do throws(EventLoopError) { try core.checkOwn(future, "shield") } catch {
            outer.finishTask(.failure(error), wasCancelled: false)
            return outer
        }
        if future.isDone { return future }
        let token = future.addDoneCallback { future in
            if outer.isDone {
                // No waiter is left: the error counts as retrieved.
                _ = try? future.exception()
                return
            }
            outer.finishTask(
                Result { try future.result() }, wasCancelled: future.isCancelled, message: future.cancelMessage)
        }
        // The protected future references the outer one, but not vice versa, so there is no reference cycle.
        outer.addDoneCallback { [weak future] _ in _ = future?.removeDoneCallback(token) }
        return outer
    }

    /// Runs async code as a task that continues even if its waiters are cancelled.
    ///
    /// - Parameter body: The code.
    /// - Returns: Same as ``shield(_:)-(Future<Value>)``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `shield(coroutine)`.
    public func shield<Value>(_ body: @escaping () async throws -> Value) -> Future<Value> {
        shield(core.createTask(name: nil, plain: body))
    }
}
