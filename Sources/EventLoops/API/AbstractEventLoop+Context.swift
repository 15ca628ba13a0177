extension AbstractEventLoop {
    /// Copies the caller's task-local values, for callbacks that should see them.
    ///
    /// Swift tasks inherit task-local values, and ``toThread(_:)`` passes them on. Callbacks see them only with a
    /// context, so that callbacks without one cost nothing extra.
    ///
    /// - Returns: The current values, for callbacks of this loop.
    /// - Cost: A task, which each callback in the context resumes once.
    /// - Thread: Any.
    ///
    /// asyncio: `contextvars.copy_context`.
    public func copyContext() -> TaskLocalContext {
        TaskLocalContext(queue: core.queue, executor: core.taskExecutor)
    }

    /// Like ``callSoon(file:line:_:)``, but the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - context: A context of this loop, from ``copyContext()``. With another loop's context the callback is not
    ///     called, and the exception handler gets an ``EventLoopError``.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler, which also sees the values.
    /// - Returns: A handle that can cancel it.
    /// - Thread: The loop's.
    ///
    /// asyncio: `call_soon(callback, context=)`.
    @discardableResult
    public func callSoon(
        context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) -> Handle {
        callSoon(file: file, line: line, core.inContext(context, callback))
    }

    /// Like ``callSoonThreadsafe(file:line:_:)``, but the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - context: Same as for ``callSoon(context:file:line:_:)``.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A handle that can cancel it, on the loop's thread only.
    /// - Throws: Same as ``callSoonThreadsafe(file:line:_:)``.
    /// - Thread: Any.
    ///
    /// asyncio: `call_soon_threadsafe(callback, context=)`.
    @discardableResult
    public func callSoonThreadsafe(
        context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping @Sendable () throws -> Void
    ) throws(EventLoopError) -> Handle {
        let core = core
        return try callSoonThreadsafe(file: file, line: line) { try core.inContext(context, callback)() }
    }

    /// Like ``callLater(_:file:line:_:)``, but the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - delay: The minimum time to wait.
    ///   - context: Same as for ``callSoon(context:file:line:_:)``.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A handle that can cancel it.
    /// - Thread: The loop's.
    ///
    /// asyncio: `call_later(delay, callback, context=)`.
    @discardableResult
    public func callLater(
        _ delay: Duration, context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) -> TimerHandle {
        callLater(delay, file: file, line: line, core.inContext(context, callback))
    }

    /// Like ``callAt(_:file:line:_:)``, but the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - when: An instant of ``time``.
    ///   - context: Same as for ``callSoon(context:file:line:_:)``.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: The callback; an error that it throws goes to the exception handler.
    /// - Returns: A handle that can cancel it.
    /// - Thread: The loop's.
    ///
    /// asyncio: `call_at(when, callback, context=)`.
    @discardableResult
    public func callAt(
        _ when: LoopInstant, context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) -> TimerHandle {
        callAt(when, file: file, line: line, core.inContext(context, callback))
    }
}

extension Future {
    /// Like ``addDoneCallback(file:line:_:)``, but the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - context: A context of the future's loop, from `copyContext()`.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: Called with the future; an error that it throws goes to the exception handler.
    /// - Returns: A token for ``removeDoneCallback(_:)``.
    /// - Thread: The loop's.
    ///
    /// asyncio: `add_done_callback(callback, context=)`.
    @discardableResult
    public final func addDoneCallback(
        context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping (Future<Value>) throws -> Void
    ) -> Int {
        addDoneCallback(file: file, line: line) { [core] future in
            try core.inContext(context) { try callback(future) }()
        }
    }
}

extension LoopCore {
    /// Wraps a callback, so that it and the exception handler see the context's values.
    func inContext(_ context: TaskLocalContext, _ callback: @escaping () throws -> Void) -> () throws -> Void {
        { [unowned self] in
            guard context.isFree(on: queue) else {
                throw EventLoopError(
                    .invalidState, "copyContext",
                    detail:
                        "The context is another loop's, or a callback is running in it: call copyContext() for each")
            }
            context.run {
                do { try callback() } catch {
                    exceptions.report(ExceptionContext(message: "Exception in callback", error: error))
                }
            }
        }
    }
}
