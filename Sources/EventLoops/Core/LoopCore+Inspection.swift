internal import Kernel

extension LoopCore {
    /// The loop's current figures.
    ///
    /// On another thread, the numbers of waiting entries are those of the loop's last turn.
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

    /// Publishes the numbers of waiting entries to other threads.
    @inline(__always)
    func noteWhatWaits() {
        counters.readyDepth.set(queue.readyCount)
        counters.timersPending.set(timers.pending)
    }

    /// The operations in flight, oldest first.
    var pendingOperations: [PendingOperation] {
        var found: [PendingOperation] = []
        report.forEachPending(at: now.nanoseconds) { found.append($0) }
        return found.sorted { ($0.age, $1.descriptor) > ($1.age, $0.descriptor) }
    }
}

extension WorkQueue {
    /// The running task in its public form, for naming the owner of an operation.
    package var runningTask: (any LoopTaskProtocol)? {
        CancellationScope.owner(on: self)
    }
}
