internal import Kernel

extension LoopCore {
    // MARK: Places

    /// The caller's source place in debug mode; otherwise nil.
    @inline(__always)
    func place(_ file: StaticString, _ line: UInt) -> SourcePlace? {
        isDebug ? SourcePlace(file, line) : nil
    }

    // MARK: User code

    /// Calls user code: timed in debug mode, published to the watchdog if there is one, otherwise directly.
    @inline(__always)
    func upcall<Result>(_ name: @autoclosure () -> ActivityName, _ body: () -> Result) -> Result {
        isObserved ? observed(name(), body) : body()
    }

    @inline(never)
    private func observed<Result>(_ name: ActivityName, _ body: () -> Result) -> Result {
        if name.kind == .task, observation.hasMissedTasks { labelAllTasks() }
        return observation.shown(name) {
            guard isDebug else { return body() }
            return observation.timed(name, clock: { now }, body)
        }
    }

    // MARK: Tasks

    /// Adds a task to the list of those that have not ended.
    func taskBegins(_ task: any EndableTask, _ scope: CancellationScope) {
        scope.join(tasks, as: task)
    }

    /// Records the name of a task that has begun, if warnings may need it.
    func taskHasJob(_ task: any EndableTask) {
        guard isObserved else {
            observation.hasMissedTasks = true
            return
        }
        if !task.isDone, let job = task.job { label(task, TaskAddress.of(job)) }
    }

    /// Removes a task that is ending, and its name.
    ///
    /// Called by the task's own job.
    func taskEnds(_ scope: CancellationScope) {
        scope.leave(tasks)
        guard observation.hasLabels, let address = TaskAddress.ofCurrentTask() else { return }
        if observation.labels.remove(address) { observation.hasLabels = false }
    }

    /// Updates the recorded name of a task that was renamed.
    func taskIsRenamed(_ task: any EndableTask) {
        guard observation.hasLabels, let job = task.job else { return }
        let address = TaskAddress.of(job)
        if observation.labels[address] != nil { label(task, address) }
    }

    private func labelAllTasks() {
        observation.hasMissedTasks = false
        for task in tasks.members {
            if let job = task.job { label(task, TaskAddress.of(job)) }
        }
    }

    private func label(_ task: any EndableTask, _ address: UInt) {
        observation.labels.set(task.label, at: address)
        observation.hasLabels = true
    }

    // MARK: Watchdog

    func setWatchdog(_ threshold: Duration?, _ report: (@Sendable (BlockedCallback) -> Void)?) throws(EventLoopError) {
        let operation = "setWatchdog"
        try check(operation)
        guard let threshold else { return endWatchdog() }
        guard threshold > .zero else { throw .invalidArgument(operation, "The threshold must be above zero") }
        let kind = loop.map { "\(type(of: $0))" } ?? "Event loop"
        let watchdog = Watchdog(threshold: threshold, loop: kind, labels: observation.labels) { blocked in
            if let report { report(blocked) } else { Log.write(.warning, blocked.description) }
        }
        let failure = watchdog.start()
        guard failure == 0 else {
            throw EventLoopError(
                .system, "pthread_create", errno: Errno(rawValue: failure), detail: "No thread for the watchdog")
        }
        observation.watchdog = watchdog
        setObserver(.watchdog, true)
        // The call that is running now is the first one to be watched.
        if queue.isTurning { _ = watchdog.activity.enter(nameOfCaller) }
    }

    func endWatchdog() {
        observation.watchdog = nil
        setObserver(.watchdog, false)
    }

    private var nameOfCaller: ActivityName {
        guard let task = CancellationScope.owner(on: queue), let job = task.job else {
            return ActivityName(kind: .unknown)
        }
        let address = TaskAddress.of(job)
        label(task, address)
        return ActivityName(kind: .task, first: address)
    }

    /// Notifies the watchdog that no user code is running.
    ///
    /// A call that began before the watchdog was set does not report its own end.
    @inline(__always)
    func upcallsAreOver() {
        if isObserved { observation.watchdog?.activity.rest() }
    }

    // MARK: Logging

    /// Writes a line to the log, in debug mode only.
    @inline(__always)
    func note(_ level: LogLevel, _ text: @autoclosure () -> String) {
        if isDebug { Log.write(level, text()) }
    }

    /// Warns about servers and transports that are still open when the loop closes.
    ///
    /// asyncio: `ResourceWarning: unclosed transport`.
    func warnOfUnclosed() {
        guard isDebug else { return }
        for server in servers.values { Log.write(.warning, "unclosed server \(server)") }
        for transport in transports.values where !transport.isClosing {
            Log.write(.warning, "unclosed transport \(transport)")
        }
    }
}
