internal import Kernel

/// A thread of its own that notices while it happens that the loop's thread is kept from turning.
///
/// It looks twice within the threshold. While the loop sleeps it sleeps, too, and is woken by the next callback.
final class Watchdog: Sendable {
    let activity = Activity()
    private let threshold: Int64
    private let loop: String
    private let labels: TaskLabels
    private let report: @Sendable (BlockedCallback) -> Void
    /// Looked at and changed with the alarm's lock held only.
    private nonisolated(unsafe) var isStopped = false

    /// - Parameters:
    ///   - threshold: For how long a callback may run; above zero.
    ///   - loop: The kind of loop, for people.
    init(
        threshold: Duration, loop: String, labels: TaskLabels, _ report: @escaping @Sendable (BlockedCallback) -> Void
    ) {
        self.threshold = threshold.clampedNanoseconds
        self.loop = loop
        self.labels = labels
        self.report = report
    }

    /// Starts the thread and returns 0, or the error of `pthread_create`.
    func start() -> Int32 {
        DetachedThread.start(name: "proactor-watchdog") { self.watch() }
    }

    /// Lets the thread end: nothing is reported from now on but what is being reported at this moment.
    func stop() {
        if activity.isInForkedChild { return }
        activity.alarm.withLock {
            isStopped = true
            activity.alarm.signal()
        }
    }

    private func watch() {
        var seen = activity.look()
        var since = MonotonicClock.now()
        var isTold = false
        while waitForNextLook() {
            let found = activity.look()
            let now = MonotonicClock.now()
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

    /// Sleeps for half of the threshold; false once the thread is to end.
    ///
    /// When the loop has slept all that time, it sleeps on until it is woken. That it asked to be woken was half a
    /// threshold ago by then: the loop's thread, which looks without a barrier, cannot have missed it.
    private func waitForNextLook() -> Bool {
        let alarm = activity.alarm
        return alarm.withLock {
            let next = MonotonicClock.now() &+ max(threshold / 2, 500_000)
            let mayDoze = activity.wakesWatchdog
            while !isStopped, MonotonicClock.now() < next { alarm.wait(until: next) }
            while !isStopped, mayDoze, activity.wakesWatchdog, activity.look().name.kind == .nothing {
                alarm.wait(until: nil)
            }
            return !isStopped
        }
    }
}
