extension AbstractEventLoop {
    /// What is told of errors that nobody waits for; nil for ``defaultExceptionHandler(_:)``.
    ///
    /// - Thread: The loop's. asyncio: `get_exception_handler`.
    public var exceptionHandler: ((ExceptionContext) throws -> Void)? {
        core.exceptions.handler
    }

    /// Sets what is told of errors that nobody waits for.
    ///
    /// - Parameter handler: Called inside of what failed, on the loop's thread, and free to use the loop; if it throws,
    ///   ``defaultExceptionHandler(_:)`` is given its error and the original context. Nil restores the default.
    ///   asyncio: `set_exception_handler`.
    public func setExceptionHandler(_ handler: ((ExceptionContext) throws -> Void)?) {
        // The maker of a loop may set the handler and still pass the loop to another thread.
        if core.queue.allowsInspection || core.allowsUse("setExceptionHandler") { core.exceptions.handler = handler }
    }

    /// Writes the context to the log at the level of errors, which is standard error unless ``setLogHook(_:)`` says
    /// otherwise: the message, then all that is known in the order of the names, and the error.
    ///
    /// - Parameter context: What is known.
    /// - Thread: Any. asyncio: `default_exception_handler`.
    public func defaultExceptionHandler(_ context: ExceptionContext) {
        core.exceptions.logDefault(core.queue.isTurning ? core.exceptions.completed(context) : context)
    }

    /// Tells the exception handler, before this returns.
    ///
    /// - Parameter context: What is known.
    /// - Thread: The loop's; from another one the loop's thread is asked to tell it soon. asyncio:
    ///   `call_exception_handler`.
    public func callExceptionHandler(_ context: ExceptionContext) {
        core.reportFromAnyThread(context)
    }
}
