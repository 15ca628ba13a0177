internal import Kernel

/// The time at which a loop last looked at its clock: what operations take down when they are asked for.
///
/// A look costs 20 to 200 nanoseconds, too much for each message. So there is one a turn, right after the wait, and
/// when turns have been short for a while, one in many: they come every few milliseconds then, still.
package final class PacedClock {
    /// Turns from one look to the next while turns are short.
    private static let stride = 32
    /// What counts as short, in nanoseconds.
    private static let shortTurn: Int64 = 250_000
    /// How many short turns in a row make a busy time: an exchange with one peer now and then is none.
    private static let patience = 64

    private var latest = MonotonicClock.now()
    private var turnsLeft = 1
    private var turnsPlanned = 1
    private var shortTurns = 0
    /// When the turns were counted last.
    private var lastCount: Int64

    /// Looks for the first time.
    package init() {
        lastCount = latest
    }

    /// The loop has waited: returns the latest look, in nanoseconds of the monotonic clock.
    package func turnBegan() -> Int64 {
        turnsLeft &-= 1
        if turnsLeft <= 0 { planNext() }
        return latest
    }

    private func planNext() {
        latest = MonotonicClock.now()
        let mean = (latest - lastCount) / Int64(turnsPlanned)
        lastCount = latest
        shortTurns = mean < Self.shortTurn ? min(shortTurns + turnsPlanned, Self.patience) : 0
        turnsPlanned = shortTurns < Self.patience ? 1 : Self.stride
        turnsLeft = turnsPlanned
    }

    /// Looks out of turn, for what is rare and to be known exactly.
    package func look() -> Int64 {
        latest = MonotonicClock.now()
        return latest
    }
}
