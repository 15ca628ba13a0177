internal import CLinux
internal import Kernel
import Synchronization

/// What a loop's thread is running, for the watchdog's thread to read.
///
/// The loop's thread only stores numbers. It takes a lock only to wake the watchdog, which sleeps while the loop does.
final class Activity: Sendable {
    /// Counts all changes, in the bits above the three for the kind: an unchanged number means that the same call is
    /// still running.
    private let state = Atomic<UInt64>(0)
    private let first = Atomic<UInt>(0)
    private let second = Atomic<UInt>(0)
    /// Whether the watchdog must be woken.
    private let dozes = Atomic(false)
    /// The condition that the watchdog sleeps on.
    let alarm = Condition()
    private let process = cl_process_generation()

    /// Whether this is a copy in a forked child, which has no watchdog thread and an alarm in an unknown state.
    var isInForkedChild: Bool {
        process != cl_process_generation()
    }

    // MARK: The loop's thread

    /// Records the start of a call of user code; returns what was running until now, for ``leave(to:)``.
    func enter(_ name: ActivityName) -> ActivityName {
        let outer = current
        publish(name)
        if dozes.load(ordering: .relaxed) { wakeWatchdog() }
        return outer
    }

    /// Returns to what was running before, which the watchdog sees as a new call.
    func leave(to outer: ActivityName) {
        publish(outer)
    }

    /// Records that no user code is running.
    func rest() {
        if current.kind != .nothing { publish(.nothing) }
    }

    private var current: ActivityName {
        ActivityName(
            kind: ActivityName.Kind(rawValue: state.load(ordering: .relaxed) & 7) ?? .nothing,
            first: first.load(ordering: .relaxed), second: second.load(ordering: .relaxed))
    }

    private func publish(_ name: ActivityName) {
        let next = (state.load(ordering: .relaxed) >> 3 &+ 1) << 3
        // The kind is "nothing" while the words change. Each store has release ordering, so a reader that sees a new
        // word also sees a new number.
        state.store(next, ordering: .relaxed)
        if name.kind == .nothing { return }
        first.store(name.first, ordering: .releasing)
        second.store(name.second, ordering: .releasing)
        state.store(next | name.kind.rawValue, ordering: .releasing)
    }

    private func wakeWatchdog() {
        dozes.store(false, ordering: .relaxed)
        if isInForkedChild { return }
        alarm.withLock { alarm.signal() }
    }

    // MARK: The watchdog's thread

    /// Samples what is running, and the number of the call; "nothing" if it is changing right now.
    func look() -> (number: UInt64, name: ActivityName) {
        let before = state.load(ordering: .acquiring)
        let words = (first.load(ordering: .acquiring), second.load(ordering: .acquiring))
        guard state.load(ordering: .acquiring) == before, let kind = ActivityName.Kind(rawValue: before & 7) else {
            return (before, .nothing)
        }
        return (before, ActivityName(kind: kind, first: words.0, second: words.1))
    }

    /// Whether the loop's thread must wake the watchdog when it runs user code.
    var wakesWatchdog: Bool {
        get { dozes.load(ordering: .relaxed) }
        set { dozes.store(newValue, ordering: .relaxed) }
    }
}
