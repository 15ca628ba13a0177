extension AbstractEventLoop {
    /// Guards a future against being cancelled by those that wait for it.
    ///
    /// Cancelling what is returned, or a task that waits for it, leaves the guarded future as it is; cancelling the
    /// guarded one cancels what is returned.
    ///
    ///     try await loop.shield(save).value
    ///
    /// - Parameter future: A future or task of this loop.
    /// - Returns: A future with the same outcome; the future itself if it is done. With a future of another loop it has
    ///   failed with ``EventLoopError/Code/wrongLoop``. asyncio: `shield(future)`.
    public func shield<Value>(_ future: Future<Value>) -> Future<Value> {
        let outer = Future<Value>(core: core)
        do throws(EventLoopError) { try core.checkOwn(future, "shield") } catch {
            outer.finishTask(.failure(error), wasCancelled: false)
            return outer
        }
        if future.isDone { return future }
        let token = future.addDoneCallback { future in
            if outer.isDone {
                // Nobody is left to be told: the error counts as seen.
                _ = try? future.exception()
                return
            }
            outer.finishTask(
                Result { try future.result() }, wasCancelled: future.isCancelled, message: future.cancelMessage)
        }
        // Held by the guarded future, and not the other way: neither keeps the other for ever.
        outer.addDoneCallback { [weak future] _ in _ = future?.removeDoneCallback(token) }
        return outer
    }

    /// Runs async code as a task that goes on when those that wait for it are cancelled.
    ///
    /// - Parameter body: The code.
    /// - Returns: As ``shield(_:)-(Future<Value>)``. asyncio: `shield(coroutine)`.
    public func shield<Value>(_ body: @escaping () async throws -> Value) -> Future<Value> {
        shield(core.createTask(name: nil, plain: body))
    }
}
