extension AbstractEventLoop {
    /// The handler for errors that no caller receives; nil for ``defaultExceptionHandler(_:)``.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `get_exception_handler`.
    public var exceptionHandler: ((ExceptionContext) throws -> Void)? {
        core.exceptions.handler
    }

    /// Sets the handler for errors that no caller receives.
    ///
    /// - Parameter handler: Called on the loop's thread, within the failing call; it may use the loop. If it throws,
    ///   ``defaultExceptionHandler(_:)`` gets its error and the original context. Nil restores the default.
    /// - Thread: The loop's.
    ///
    /// asyncio: `set_exception_handler`.
    public func setExceptionHandler(_ handler: ((ExceptionContext) throws -> Void)?) {
        // Setting the handler must not claim an unused loop, which may still be passed to another thread.
        if core.queue.allowsInspection || core.allowsUse("setExceptionHandler") { core.exceptions.handler = handler }
    }

    /// Writes the context to the log at level error: the message, the known properties in the order of their names, and
    /// the error.
    ///
    /// The log is standard error unless ``setLogHook(_:)`` replaced it.
    ///
    /// - Parameter context: The error and what is known about it.
    /// - Thread: Any.
    ///
    /// asyncio: `default_exception_handler`.
    public func defaultExceptionHandler(_ context: ExceptionContext) {
        core.exceptions.logDefault(core.queue.isTurning ? core.exceptions.completed(context) : context)
    }

    /// Calls the exception handler.
    ///
    /// - Parameter context: The error and what is known about it.
    /// - Thread: Any. On the loop's thread, the handler is called before this returns; on other threads, this returns,
    ///   and the handler is called later, on the loop's thread.
    ///
    /// asyncio: `call_exception_handler`.
    public func callExceptionHandler(_ context: ExceptionContext) {
        core.reportFromAnyThread(context)
    }
}
