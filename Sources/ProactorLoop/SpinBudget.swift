internal import EventLoops
internal import Uring

/// Decides whether looking for completions a while is worth more than sleeping at once.
///
/// Sleeping costs a wake-up of some ten microseconds. While waits end within the budget they are spent awake; a wait
/// that was longer than it puts spinning off until waits are short again.
struct SpinBudget {
    private let budget: Int64
    private var lastWait: Int64 = 0

    init(_ budget: Duration) {
        self.budget = max(0, min(budget.clampedNanoseconds, 1_000_000_000))
    }

    var isOn: Bool {
        budget > 0
    }

    /// Until when to spin in a wait that begins now.
    func end(from now: Int64, _ wait: RingWait) -> Int64 {
        guard lastWait <= budget else { return now }
        if case .until(let deadline) = wait { return min(deadline, now + budget) }
        return now + budget
    }

    mutating func noteWait(_ length: Int64) {
        lastWait = length
    }
}
