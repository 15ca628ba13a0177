extension AbstractEventLoop {
    /// Calls `callback` in the loop's turns whenever the process gets a signal.
    ///
    /// A second handler of the loop for the same signal replaces the first. Bursts of one signal are merged: at least
    /// one call follows the last of them. Signals belong to the process: every loop that has a handler or a sequence
    /// (``signals(_:)``) for one is told of it, on whatever thread it runs, and within a loop both the handler and each
    /// sequence. Once nobody wants the signal, it has the disposition that it had before. Not for signals that the
    /// program's own faults raise, such as `SIGSEGV`.
    ///
    /// System calls of other threads are restarted (`SA_RESTART`). A child of `fork(2)` has the dispositions of before.
    ///
    /// - Parameters:
    ///   - signal: The number, for instance `SIGTERM`.
    ///   - file: Where this is called, for debug mode.
    ///   - line: The line there.
    ///   - callback: What it throws goes to the exception handler; the handler stays.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number that is no signal or that the C library keeps for
    ///   itself, `.system` for one that cannot be caught, `.closed`, `.wrongThread`. asyncio: `add_signal_handler`.
    public func addSignalHandler(
        _ signal: Int32, file: StaticString = #fileID, line: UInt = #line, _ callback: @escaping () throws -> Void
    ) throws(EventLoopError) {
        try core.check("addSignalHandler")
        let place = core.place(file, line)
        try core.signals.setHandler(signal, wakeDescriptor: core.driver.wakeDescriptor, at: place, callback)
    }

    /// Takes the loop's handler of a signal away.
    ///
    /// The signal goes back to whoever handled it before, unless a sequence or another loop wants it. What has come in
    /// and was not told yet is dropped with the handler.
    ///
    /// - Parameter signal: The number.
    /// - Returns: Whether there was a handler; a closed loop has none.
    /// - Throws: ``EventLoopError``: `.invalidArgument` for a number that is no signal, `.wrongThread`. asyncio:
    ///   `remove_signal_handler`.
    @discardableResult
    public func removeSignalHandler(_ signal: Int32) throws(EventLoopError) -> Bool {
        try SignalTable.checkNumber(signal, "removeSignalHandler")
        if core.isClosed { return false }
        try core.check("removeSignalHandler")
        return core.signals.removeHandler(signal)
    }

    /// The signals of the process as an async sequence, instead of a callback.
    ///
    ///     for try await signal in try loop.signals(SIGTERM, SIGHUP) {
    ///         if signal == SIGTERM { return }
    ///         reload()
    ///     }
    ///
    /// They are caught from now on, and until the sequence and its iterators have gone, or the sequence is finished.
    /// Sequences and handlers do not take signals from one another: each is told.
    ///
    /// - Parameter signals: The numbers, at least one.
    /// - Returns: The numbers of the signals, as they come. After ``shutdownAsyncGenerators()`` an empty sequence.
    /// - Throws: As ``addSignalHandler(_:file:line:_:)``; `.invalidArgument` also for no number. asyncio has none.
    public func signals(_ signals: Int32...) throws(EventLoopError) -> SignalSequence {
        try self.signals(signals)
    }

    /// As the form with one argument for each signal.
    ///
    /// - Parameter signals: The numbers, at least one.
    /// - Returns: The numbers of the signals, as they come.
    /// - Throws: As the other form. asyncio has none.
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

    /// Calls `callback` for a signal while no handler and no sequence of the loop is there for it; a second signal has
    /// the system's default action, even if the loop is stuck in a callback.
    ///
    /// Without effect where the signal's action is not the default one: the program, or whoever started it, has decided
    /// about it.
    package func setSignalFallback(_ signal: Int32, _ callback: @escaping () throws -> Void) throws(EventLoopError) {
        try core.check("run")
        try core.signals.setFallback(signal, wakeDescriptor: core.driver.wakeDescriptor, callback)
    }

    /// Takes back what ``setSignalFallback(_:_:)`` has set.
    ///
    /// - Parameters:
    ///   - signal: The number.
    ///   - wasInVain: Whether the callback was called too late to do anything.
    /// - Returns: Whether the signal has come in meanwhile and nobody did or will do anything about it.
    package func removeSignalFallback(_ signal: Int32, wasInVain: Bool) -> Bool {
        core.signals.removeFallback(signal, wasInVain: wasInVain)
    }
}
