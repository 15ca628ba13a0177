internal import CLinux
internal import Kernel
import Synchronization

/// What a loop's thread runs at this moment, for the watchdog's thread to read.
///
/// The loop's thread only stores numbers, and locks nothing unless the watchdog has gone to sleep because the loop had.
final class Activity: Sendable {
    /// Counts all changes, above the three bits of the kind: the same number is the same stretch of the same code.
    private let state = Atomic<UInt64>(0)
    private let first = Atomic<UInt>(0)
    private let second = Atomic<UInt>(0)
    /// Whether the watchdog wants to be woken.
    private let dozes = Atomic(false)
    /// What the watchdog sleeps on.
    let alarm = Condition()
    private let process = cl_process_generation()

    /// Whether this is a copy in a forked child: there is no watchdog, and the alarm is as it happened to be.
    var isInForkedChild: Bool {
        process != cl_process_generation()
    }

    // MARK: The loop's thread

    /// Begins to run some code; returns what ran until now, to which it is to be left.
    func enter(_ name: CodeName) -> CodeName {
        let outer = current
        publish(name)
        if dozes.load(ordering: .relaxed) { wakeWatchdog() }
        return outer
    }

    /// Goes on with what ran before, from the watchdog's point of view anew.
    func leave(to outer: CodeName) {
        publish(outer)
    }

    /// Runs nothing of the user's.
    func rest() {
        if current.kind != .nothing { publish(.nothing) }
    }

    private var current: CodeName {
        CodeName(
            kind: CodeName.Kind(rawValue: state.load(ordering: .relaxed) & 7) ?? .nothing,
            first: first.load(ordering: .relaxed), second: second.load(ordering: .relaxed))
    }

    private func publish(_ name: CodeName) {
        let next = (state.load(ordering: .relaxed) >> 3 &+ 1) << 3
        // Nothing, while the words change. Each store is releasing, so that who has read a new word finds a new number.
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

    /// What runs, and the number of that stretch; nothing runs where it changes just now.
    func look() -> (number: UInt64, name: CodeName) {
        let before = state.load(ordering: .acquiring)
        let words = (first.load(ordering: .acquiring), second.load(ordering: .acquiring))
        guard state.load(ordering: .acquiring) == before, let kind = CodeName.Kind(rawValue: before & 7) else {
            return (before, .nothing)
        }
        return (before, CodeName(kind: kind, first: words.0, second: words.1))
    }

    /// Whether the loop's thread is to wake the watchdog when it runs something.
    var wakesWatchdog: Bool {
        get { dozes.load(ordering: .relaxed) }
        set { dozes.store(newValue, ordering: .relaxed) }
    }
}
