internal import Kernel

/// A thread that detects user code that blocks the loop, while it is blocking.
///
/// It measures real time, whatever the loop's clock: a simulated clock may stand still while user code blocks.
///
/// It samples twice per threshold. While the loop sleeps, the watchdog sleeps, too; the next callback wakes it.
final class Watchdog: Sendable {
    let activity = Activity()
    private let threshold: Int64
    private let loop: String
    private let labels: TaskLabels
    private let report: @Sendable (BlockedCallback) -> Void
    /// Guarded by the alarm's lock.
    private nonisolated(unsafe) var isStopped = false

    /// - Parameters:
    ///   - threshold: How long a callback may run; above zero.
    ///   - loop: The kind of loop, for reports.
    init(
        threshold: Duration, loop: String, labels: TaskLabels, _ report: @escaping @Sendable (BlockedCallback) -> Void
    ) {
        self.threshold = threshold.clampedNanoseconds
        self.loop = loop
        self.labels = labels
        self.report = report
    }

    /// Starts the thread; returns 0, or the error from `pthread_create`.
    func start() -> Int32 {
        DetachedThread.start(name: "proactor-watchdog") { self.watch() }
    }

    /// Ends the thread.
    ///
    /// A report in progress is still completed.
    func stop() {
        if activity.isInForkedChild { return }
        activity.alarm.withLock {
            isStopped = true
            activity.alarm.signal()
        }
    }

    private func watch() {
        var seen = activity.look()
        var since = LoopClock.monotonic.now()
        var isTold = false
        while waitForNextLook() {
            let found = activity.look()
            let now = LoopClock.monotonic.now()
            if found.number != seen.number {
                (seen, since, isTold) = (found, now, false)
                activity.wakesWatchdog = false
            } else if found.name.kind == .nothing {
                activity.wakesWatchdog = true
            } else if !isTold, now - since >= threshold {
                isTold = true
                let text = found.name.text(labels)
                report(BlockedCallback(loop: loop, callback: text, duration: .nanoseconds(now - since)))
            }
        }
    }

    /// Sleeps for half of the threshold; returns false if the thread must terminate.
    ///
    /// If the loop has been asleep all that time, the watchdog sleeps until it is woken. It requested the wake-up half
    /// a threshold ago, so the loop's thread, which reads the request without a barrier, cannot have missed it.
    private func waitForNextLook() -> Bool {
        let alarm = activity.alarm
        return alarm.withLock {
            let next = LoopClock.monotonic.now() &+ max(threshold / 2, 500_000)
            let mayDoze = activity.wakesWatchdog
            while !isStopped, LoopClock.monotonic.now() < next { alarm.wait(until: next) }
            while !isStopped, mayDoze, activity.wakesWatchdog, activity.look().name.kind == .nothing {
                alarm.wait(until: nil)
            }
            return !isStopped
        }
    }
}
