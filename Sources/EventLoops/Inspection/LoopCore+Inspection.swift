internal import Kernel

extension LoopCore {
    /// Shows every thread where the loop stands: once a turn, before it asks the kernel.
    func showFigures() {
        guard !queue.isInForkedChild else { return }
        let figures = driver.figures
        counters.submissions.set(figures.submissions)
        counters.completions.set(figures.completions)
        counters.systemCalls.set(figures.systemCalls)
        counters.operationsInFlight.set(figures.operationsInFlight)
        counters.receiveBuffersLent.set(figures.receiveBuffersLent)
        counters.receiveBuffersTotal.set(figures.receiveBuffersTotal)
        counters.readyDepth.set(queue.readyCount)
        counters.timersPending.set(timers.pending)
    }

    /// The figures of this moment on the thread that turns the loop, elsewhere those that were shown last.
    var statistics: LoopStatistics {
        if queue.isTurning { showFigures() }
        return LoopStatistics(
            turns: counters.turns.value, callbacks: counters.callbacks.value,
            timersFired: counters.timersFired.value, submissions: counters.submissions.value,
            completions: counters.completions.value, systemCalls: counters.systemCalls.value,
            wakeUps: queue.inbox.wakeUps, lag: .nanoseconds(counters.lag.value),
            worstLag: .nanoseconds(counters.worstLag.value), isWaiting: queue.inbox.isAsleep,
            readyDepth: counters.readyDepth.value, readyDepthPeak: counters.readyDepthPeak.value,
            timersPending: counters.timersPending.value, tasks: counters.tasks.value,
            operationsInFlight: counters.operationsInFlight.value,
            receiveBuffersLent: counters.receiveBuffersLent.value,
            receiveBuffersTotal: counters.receiveBuffersTotal.value, connections: counters.connections.value,
            servers: counters.servers.value)
    }

    /// What the kernel was asked for and has not done, oldest first.
    var pendingOperations: [PendingOperation] {
        var found: [PendingOperation] = []
        driver.forEachPending(at: now.nanoseconds) { found.append($0) }
        return found.sorted { ($0.age, $1.descriptor) > ($1.age, $0.descriptor) }
    }
}

extension WorkQueue {
    /// What users know as the task that runs at this moment, to be named as an operation's owner.
    package var runningTask: AnyObject? {
        CancellationScope.owner(on: self)
    }
}
