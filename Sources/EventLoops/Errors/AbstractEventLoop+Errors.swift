extension AbstractEventLoop {
    /// What is told of errors that nobody waits for; nil for ``defaultExceptionHandler(_:)``.
    ///
    /// asyncio: `get_exception_handler`.
    public var exceptionHandler: ((ExceptionContext) throws -> Void)? {
        core.exceptions.handler
    }

    /// Sets what is told of errors that nobody waits for.
    ///
    /// - Parameter handler: Called on the loop's thread; if it throws, that is reported by the default handler. Nil
    ///   restores the default. asyncio: `set_exception_handler`.
    public func setExceptionHandler(_ handler: ((ExceptionContext) throws -> Void)?) {
        guard core.queue.admitsCurrentThread() else {
            let error = core.queue.refusal("setExceptionHandler")
            return core.reportFromAnyThread(ExceptionContext(message: "Non-thread-safe operation", error: error))
        }
        core.exceptions.handler = handler
    }

    /// Writes the context to the log, which is standard error unless ``setLogHook(_:)`` says otherwise.
    ///
    /// - Parameter context: What is known. asyncio: `default_exception_handler`.
    public func defaultExceptionHandler(_ context: ExceptionContext) {
        core.exceptions.logDefault(context)
    }

    /// Tells the exception handler.
    ///
    /// - Parameter context: What is known. asyncio: `call_exception_handler`.
    public func callExceptionHandler(_ context: ExceptionContext) {
        core.exceptions.report(context)
    }

    /// Whether callbacks are timed; `PROACTOR_DEBUG` sets it at the start.
    ///
    /// asyncio: `get_debug`, `set_debug`.
    public var debug: Bool {
        get { core.isDebug }
        set { core.isDebug = newValue }
    }

    /// How long a callback may hold the loop before debug mode reports it; 100 ms at first.
    ///
    /// asyncio: `slow_callback_duration`.
    public var slowCallbackDuration: Duration {
        get { core.slowCallbackDuration }
        set { core.slowCallbackDuration = newValue }
    }
}
