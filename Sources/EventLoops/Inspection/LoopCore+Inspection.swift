internal import Kernel

extension LoopCore {
    /// The figures of this moment; those of what waits are of the loop's last turn, if another thread asks.
    var statistics: LoopStatistics {
        if queue.isTurning { noteWhatWaits() }
        let figures = report.figures
        return LoopStatistics(
            turns: counters.turns.value, callbacks: counters.callbacks.value,
            timersFired: counters.timersFired.value, submissions: figures.submissions,
            completions: figures.completions, systemCalls: figures.systemCalls,
            wakeUps: queue.inbox.wakeUps, lag: .nanoseconds(counters.lag.value),
            worstLag: .nanoseconds(counters.worstLag.value), isWaiting: queue.inbox.isAsleep,
            readyDepth: counters.readyDepth.value, readyDepthPeak: counters.readyDepthPeak.value,
            timersPending: counters.timersPending.value, tasks: counters.tasks.value,
            operationsInFlight: figures.operationsInFlight, receiveBuffersLent: figures.receiveBuffersLent,
            receiveBuffersTotal: figures.receiveBuffersTotal, connections: counters.connections.value,
            servers: counters.servers.value)
    }

    /// Shows every thread what waits for its turn.
    @inline(__always)
    func noteWhatWaits() {
        counters.readyDepth.set(queue.readyCount)
        counters.timersPending.set(timers.pending)
    }

    /// What the kernel was asked for and has not done, oldest first.
    var pendingOperations: [PendingOperation] {
        var found: [PendingOperation] = []
        report.forEachPending(at: now.nanoseconds) { found.append($0) }
        return found.sorted { ($0.age, $1.descriptor) > ($1.age, $0.descriptor) }
    }
}

extension WorkQueue {
    /// What users know as the task that runs at this moment, to be named as an operation's owner.
    package var runningTask: (any LoopTaskProtocol)? {
        CancellationScope.owner(on: self)
    }
}
