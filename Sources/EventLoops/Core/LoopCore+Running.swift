internal import Kernel

extension LoopCore {
    /// Runs turns until ``stop()`` is called.
    ///
    /// asyncio: `run_forever`.
    package func runForever(_ operation: String = "runForever") throws(EventLoopError) {
        let hold = try acquire(toRun: operation)
        defer { release(hold) }
        let previous = RunningLoop.enter(self)
        queue.ownership.isRunning = true
        timersSeen = now.nanoseconds
        defer {
            upcallsAreOver()
            noteWhatWaits()
            RunningLoop.leave(to: previous)
            queue.ownership.isRunning = false
            mustStop = false
        }
        repeat { try runOnce() } while !mustStop
        // Data that was written in the last turn must not wait for another run.
        driver.flush()
    }

    /// Ends the run after the current turn.
    ///
    /// asyncio: `stop`.
    package func stop() {
        mustStop = true
    }

    /// Runs one turn: polls the kernel, then runs the ready entries, then the timers that are due.
    ///
    /// Entries that callbacks add wait for the next turn. This is asyncio's rule; it keeps a busy program from starving
    /// its sockets.
    private func runOnce() throws(EventLoopError) {
        upcallsAreOver()
        counters.turns.add(1)
        try pollKernel()
        if !inbox.isEmpty { queue.drainInbox() }
        if signals.isWatching { signals.takePending { _ = callSoon(at: $0, $1) } }
        let due = moveDueTimers()
        let ready = queue.readyCount
        counters.turnRuns(ready)
        runReady(ready - due.count)
        if let earliest = due.earliest {
            // Nothing has run since the timers were checked, so the clock need not be read again.
            let begins = ready == due.count ? timersSeen : now.nanoseconds
            counters.timersBegin(late: begins - earliest)
        }
        runReady(due.count)
        counters.callbacks.add(ready)
        try leaveIfForked()
    }

    /// Ends the run in a child process forked by a callback: the child's kernel calls would affect the parent's loop.
    private func leaveIfForked() throws(EventLoopError) {
        if queue.isInForkedChild { throw queue.refusal("runForever") }
    }

    /// Runs the given number of ready entries.
    private func runReady(_ count: Int) {
        var left = count
        while left > 0, !queue.isInForkedChild, let entry = queue.next() {
            left -= 1
            run(entry)
        }
    }

    private func pollKernel() throws(EventLoopError) {
        driver.prepare()
        // This must happen before a forked child can wait on its parent's descriptors.
        try leaveIfForked()
        noteWhatWaits()
        if mustStop || queue.readyCount > 0 || !inbox.isEmpty { return try driver.poll(.none) }
        let wait: LoopWait = timers.nextDue.map { .until($0) } ?? .forever
        guard inbox.prepareToSleep() else { return try driver.poll(.none) }
        defer { inbox.wokeUp() }
        try driver.poll(wait)
    }

    /// Queues the timers that are due.
    ///
    /// Returns their number, and the earliest due time among those that count for the lag.
    private func moveDueTimers() -> (count: Int, earliest: Int64?) {
        guard timers.count > 0 else { return (0, nil) }
        let now = now.nanoseconds
        var (count, earliest): (Int, Int64?) = (0, nil)
        while let timer = timers.popDue(at: now) {
            let due = timer._withUnsafeGuaranteedRef { $0.when.nanoseconds }
            // A timer due before `timersSeen` was already overdue when it was scheduled, or when the run began.
            if earliest == nil, due >= timersSeen { earliest = due }
            queue.append(owned: timer)
            count += 1
        }
        timersSeen = now
        counters.timersFired.add(count)
        return (count, earliest)
    }

    /// Runs an entry.
    ///
    /// User code is called only here and by the upcalls of transports, servers and watches.
    private func run(_ entry: ReadyEntry) {
        switch entry {
        case .handle(let reference): run(reference.takeRetainedValue())
        case .request(let reference): try? reference.takeRetainedValue().run()
        case .yielded(let continuation):
            if let job = queue.takeJob(of: continuation) { run(job) }
        case .taskJob(let job):
            if isObserved { return runObserved(job) }
            job.runSynchronously(on: unownedTaskExecutor)
        case .serialJob(let job):
            upcall(ActivityName(kind: .actor)) {
                job.runSynchronously(
                    isolatedTo: serialExecutor.asUnownedSerialExecutor(), taskExecutor: unownedTaskExecutor)
            }
        }
    }

    @inline(never)
    private func runObserved(_ job: UnownedJob) {
        upcall(ActivityName(job)) { job.runSynchronously(on: unownedTaskExecutor) }
    }

    private func run(_ handle: Handle) {
        if isObserved { return runObserved(handle) }
        do { try handle.run() } catch { report(error, of: handle) }
    }

    @inline(never)
    private func runObserved(_ handle: Handle) {
        exceptions.runningPlace = handle.sourcePlace
        upcall(ActivityName(handle)) {
            do { try handle.run() } catch { report(error, of: handle) }
        }
        exceptions.runningPlace = nil
    }

    private func report(_ error: any Error, of handle: Handle) {
        var context = ExceptionContext(message: "Exception in callback", error: error)
        context.handle = handle
        context.sourcePlace = handle.sourcePlace
        context.hintAtPlace(isDebug: isDebug)
        exceptions.report(context)
    }
}
