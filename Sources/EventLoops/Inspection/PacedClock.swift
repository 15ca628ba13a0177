internal import Kernel

/// The time at which a loop last looked at its clock: what operations take down when they are asked for.
///
/// A look costs 20 to 200 nanoseconds, too much for each message. So there is one a turn, right after the wait, and when
/// turns have been short for a while, one in many: they come every few milliseconds then, still.
package struct PacedClock {
    /// Turns from one look to the next while turns are short.
    private static let stride = 32
    /// What counts as short, in nanoseconds.
    private static let shortTurn: Int64 = 250_000
    /// How many short turns in a row make a busy time: an exchange with one peer now and then is none.
    private static let patience = 64

    /// The last look, in nanoseconds of the monotonic clock.
    @inlinable
    package var latest: Int64 {
        lastLook
    }

    @usableFromInline var lastLook: Int64
    @usableFromInline var turnsLeft = 1
    private var turnsPlanned = 1
    private var shortTurns = 0
    /// When the turns were last counted.
    private var lastCount: Int64

    /// Looks for the first time.
    package init() {
        lastLook = MonotonicClock.now()
        lastCount = lastLook
    }

    /// The loop has waited.
    @inlinable
    package mutating func turnBegan() {
        turnsLeft &-= 1
        if turnsLeft <= 0 { planNext() }
    }

    @inline(never)
    @usableFromInline
    mutating func planNext() {
        look()
        let mean = (lastLook - lastCount) / Int64(turnsPlanned)
        lastCount = lastLook
        shortTurns = mean < Self.shortTurn ? min(shortTurns + turnsPlanned, Self.patience) : 0
        turnsPlanned = shortTurns < Self.patience ? 1 : Self.stride
        turnsLeft = turnsPlanned
    }

    /// Looks out of turn, for what is rare and to be known exactly.
    package mutating func look() {
        lastLook = MonotonicClock.now()
    }
}
