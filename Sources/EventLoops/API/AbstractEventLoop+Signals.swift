extension AbstractEventLoop {
    /// Calls `callback` in a turn of the loop when the process receives a signal.
    ///
    /// A second handler of the loop for the same signal replaces the first. Bursts of one signal are merged: at least
    /// one call follows the last of them. Signals belong to the process: every loop that has a handler or a
    /// sequence (``signals(_:)``) for a signal is notified, whatever thread it runs on; within a loop, the handler and
    /// every sequence are notified. When the last handler or sequence is removed, the signal's previous disposition is
    /// restored. Do not use this for signals that are raised by the program's own faults, such as `SIGSEGV`.
    ///
    /// System calls that a signal interrupts are restarted (`SA_RESTART`). In a child of `fork(2)`, the previous
    /// dispositions apply.
    ///
    /// - Parameters:
    ///   - signal: The number, for instance `SIGTERM`.
    ///   - file: The caller's source file, for debug mode.
    ///   - line: The caller's line.
    ///   - callback: Its errors go to the exception handler; the handler stays installed.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number that is not a signal or that the C library
    ///   reserves; `.system` for a signal that cannot be caught; `.closed`; `.wrongThread`.
    /// - Thread: The loop's.
    ///
    /// asyncio: `add_signal_handler`.
    public func addSignalHandler(
        _ signal: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.check("addSignalHandler")
        let place = core.place(file, line)
        try core.signals.setHandler(signal, wakeDescriptor: core.driver.wakeDescriptor, at: place, callback)
    }

    /// Removes the loop's handler for a signal.
    ///
    /// The signal's previous disposition is restored, unless a sequence or another loop uses the signal. Signals that
    /// have arrived but have not been delivered are dropped.
    ///
    /// - Parameter signal: The number.
    /// - Returns: Whether there was a handler; a closed loop has none.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number that is not a signal or that the C library
    ///   reserves; `.wrongThread`.
    /// - Thread: The loop's.
    ///
    /// asyncio: `remove_signal_handler`.
    @discardableResult
    public func removeSignalHandler(_ signal: Int32) throws(EventLoopError) -> Bool {
        try SignalTable.checkNumber(signal, "removeSignalHandler")
        if core.isClosed { return false }
        try core.check("removeSignalHandler")
        return core.signals.removeHandler(signal)
    }

    /// Returns the signals that the process receives, as an async sequence.
    ///
    ///     for try await signal in try loop.signals(SIGTERM, SIGHUP) {
    ///         if signal == SIGTERM { return }
    ///         reload()
    ///     }
    ///
    /// The signals are caught from this call on until the sequence and its iterators are released or the sequence is
    /// finished. Each sequence and each handler gets every signal.
    ///
    /// - Parameter signals: The numbers, at least one.
    /// - Returns: The numbers of the signals as they arrive; an empty sequence after ``shutdownAsyncGenerators()``.
    /// - Throws: Same as ``addSignalHandler(_:file:line:_:)``; `.invalidArgument` also if no number is given.
    /// - Thread: The loop's.
    ///
    /// asyncio: none.
    public func signals(_ signals: Int32...) throws(EventLoopError) -> SignalSequence {
        try self.signals(signals)
    }

    /// Like the form with one argument per signal, but takes a sequence of numbers.
    ///
    /// - Parameter signals: The numbers, at least one.
    /// - Returns: The numbers of the signals as they arrive.
    /// - Throws: Same as the other form.
    /// - Thread: The loop's.
    ///
    /// asyncio: none.
    public func signals(_ signals: some Sequence<Int32>) throws(EventLoopError) -> SignalSequence {
        try core.check("signals")
        let signals = Set(signals)
        guard !signals.isEmpty else { throw .invalidArgument("signals", "At least one signal must be named") }
        for signal in signals { try SignalTable.checkNumber(signal, "signals") }
        let line = SignalLine(core: core, signals: signals)
        if core.areSequencesOver {
            line.end()
        } else {
            try core.signals.add(line, for: line.signals, wakeDescriptor: core.driver.wakeDescriptor)
        }
        return SignalSequence(line: line)
    }

    // MARK: For `run`

    /// Calls `callback` for a signal while the loop has no handler and no sequence for it.
    ///
    /// A second arrival of the signal takes the default action, even if the loop is stuck in a callback.
    ///
    /// Has no effect if the signal's action is not the default one: the program or its parent has chosen that action.
    package func setSignalFallback(_ signal: Int32, _ callback: @escaping () throws -> Void) throws(EventLoopError) {
        try core.check("run")
        try core.signals.setFallback(signal, wakeDescriptor: core.driver.wakeDescriptor, callback)
    }

    /// Removes the callback that was set by ``setSignalFallback(_:_:)``.
    ///
    /// - Parameters:
    ///   - signal: The number.
    ///   - wasInVain: Whether the callback was called too late to have an effect.
    /// - Returns: Whether the signal has arrived and no callback has handled it or will handle it.
    package func removeSignalFallback(_ signal: Int32, wasInVain: Bool) -> Bool {
        core.signals.removeFallback(signal, wasInVain: wasInVain)
    }
}
