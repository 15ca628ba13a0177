extension AbstractEventLoop {
    /// The task-local values of the caller, for callbacks that are to see them.
    ///
    /// Swift's tasks take such values along by themselves, and so does ``toThread(_:)``; callbacks do so only if they
    /// are given a context, so that those which need none pay nothing.
    ///
    /// - Returns: The values as they are now, for callbacks of this loop.
    /// - Cost: A task. Each callback that runs in the context costs a resumption of it.
    /// - Thread: Any. asyncio: `contextvars.copy_context`.
    public func copyContext() -> TaskLocalContext {
        TaskLocalContext(queue: core.queue, executor: core.taskExecutor)
    }

    /// As ``callSoon(file:line:_:)``; the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - context: What ``copyContext()`` of this loop returned. With another loop's context the callback is not
    ///     called: the exception handler gets an ``EventLoopError``.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler, which then sees the values, too.
    /// - Returns: A handle to call it off. asyncio: `call_soon(callback, context=)`.
    @discardableResult
    public func callSoon(
        context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) -> Handle {
        callSoon(file: file, line: line, core.inContext(context, callback))
    }

    /// As ``callSoonThreadsafe(file:line:_:)``; the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - context: As for ``callSoon(context:file:line:_:)``.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler.
    /// - Returns: A handle, to be used on the loop's thread.
    /// - Throws: As ``callSoonThreadsafe(file:line:_:)``. asyncio: `call_soon_threadsafe(callback, context=)`.
    @discardableResult
    public func callSoonThreadsafe(
        context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping @Sendable () throws -> Void
    ) throws(EventLoopError) -> Handle {
        let core = core
        return try callSoonThreadsafe(file: file, line: line) { try core.inContext(context, callback)() }
    }

    /// As ``callLater(_:file:line:_:)``; the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - delay: How long to wait at least.
    ///   - context: As for ``callSoon(context:file:line:_:)``.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler.
    /// - Returns: A handle to call it off. asyncio: `call_later(delay, callback, context=)`.
    @discardableResult
    public func callLater(
        _ delay: Duration, context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) -> TimerHandle {
        callLater(delay, file: file, line: line, core.inContext(context, callback))
    }

    /// As ``callAt(_:file:line:_:)``; the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - when: An instant of ``time``.
    ///   - context: As for ``callSoon(context:file:line:_:)``.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler.
    /// - Returns: A handle to call it off. asyncio: `call_at(when, callback, context=)`.
    @discardableResult
    public func callAt(
        _ when: LoopInstant, context: TaskLocalContext, file: StaticString = #fileID, line: UInt = #line,
        _ callback: @escaping () throws -> Void
    ) -> TimerHandle {
        callAt(when, file: file, line: line, core.inContext(context, callback))
    }
}

extension Future {
    /// As ``addDoneCallback(file:line:_:)``; the callback sees the context's task-local values.
    ///
    /// - Parameters:
    ///   - context: What `copyContext()` of the future's loop returned.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: Called with the future; what it throws goes to the exception handler.
    /// - Returns: A token for ``removeDoneCallback(_:)``. asyncio: `add_done_callback(callback, context=)`.
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
    /// The callback, so that it sees the context's values, and the exception handler with it.
    func inContext(_ context: TaskLocalContext, _ callback: @escaping () throws -> Void) -> () throws -> Void {
        { [unowned self] in
            guard context.isFree(on: queue) else {
                throw EventLoopError(
                    .invalidState, "copyContext",
                    detail:
                        "The context is another loop's, or a callback runs in it already: call copyContext() for each")
            }
            context.run {
                do { try callback() } catch {
                    exceptions.report(ExceptionContext(message: "Exception in callback", error: error))
                }
            }
        }
    }
}
