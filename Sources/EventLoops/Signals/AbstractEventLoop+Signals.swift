extension AbstractEventLoop {
    /// Calls `callback` in the loop's turns whenever the process gets a signal.
    ///
    /// A second handler for the same signal replaces the first. One loop of a process handles a signal.
    ///
    /// - Parameters:
    ///   - signal: The number, for instance `SIGTERM`.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number that is no signal, `.system` for one that cannot
    ///   be caught, `.closed`, `.wrongThread`. asyncio: `add_signal_handler`.
    public func addSignalHandler(
        _ signal: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.check("addSignalHandler")
        let place = core.place(file, line)
        try core.signals.add(signal, wakeDescriptor: core.driver.wakeDescriptor, at: place, callback)
    }

    /// As ``addSignalHandler(_:file:line:_:)`` for one signal: a second one has the system's default action, even if
    /// the loop is stuck in a callback.
    package func addSignalHandler(
        once signal: Int32, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.check("addSignalHandler")
        try core.signals.add(signal, once: true, wakeDescriptor: core.driver.wakeDescriptor, callback)
    }

    /// Gives the signal back to whoever handled it before.
    ///
    /// - Parameter signal: The number.
    /// - Returns: Whether there was a handler.
    /// - Throws: ``EventLoopError`` with `.closed` or `.wrongThread`. asyncio: `remove_signal_handler`.
    @discardableResult
    public func removeSignalHandler(_ signal: Int32) throws(EventLoopError) -> Bool {
        try core.check("removeSignalHandler")
        return core.signals.remove(signal)
    }
}
