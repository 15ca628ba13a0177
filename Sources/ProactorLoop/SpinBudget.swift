internal import EventLoops
internal import Uring

/// Decides whether to spin for completions before sleeping.
///
/// Waking from sleep takes about ten microseconds. The loop spins while waits end within the budget; after a longer
/// wait, it sleeps at once until waits are short again.
struct SpinBudget {
    private let budget: Int64
    private var lastWait: Int64 = 0

    init(_ budget: Duration) {
        self.budget = max(0, min(budget.clampedNanoseconds, 1_000_000_000))
    }

    var isOn: Bool {
        budget > 0
    }

    /// Returns the time until which to spin in a wait that begins now.
    func end(from now: Int64, _ wait: RingWait) -> Int64 {
        guard lastWait <= budget else { return now }
        if case .until(let deadline) = wait { return min(deadline, now + budget) }
        return now + budget
    }

    mutating func noteWait(_ length: Int64) {
        lastWait = length
    }
}
