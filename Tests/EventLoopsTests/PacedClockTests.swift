import EventLoops
import Glibc
import Testing

/// When a loop looks at its clock.
///
/// Bounds are such that a machine with other things to do keeps them.
@Suite struct PacedClockTests {
    private let clock = PacedClock()

    /// The turns in which the clock was looked at.
    private func looks(turns: Int, _ turn: () -> Void = {}) -> Int {
        var looks = 0
        var last: Int64 = 0
        for _ in 0..<turns {
            turn()
            let next = clock.turnBegan()
            if next != last { looks += 1 }
            last = next
        }
        return looks
    }

    @Test func longTurns_areEachLookedAt() {
        #expect(looks(turns: 50) { usleep(1000) } == 50)
    }

    @Test func fewShortTurns_areEachLookedAt() {
        #expect(looks(turns: 60) == 60)
    }

    @Test func manyShortTurns_areLookedAtSeldom() {
        #expect(looks(turns: 100_000) < 25_000)
    }

    @Test func longTurns_areLookedAtAgain_afterABusyTime() {
        _ = looks(turns: 10_000)
        // The rest of a stride at most.
        _ = looks(turns: 32) { usleep(20_000) }
        #expect(looks(turns: 20) { usleep(1000) } == 20)
    }

    @Test func look_isOutOfTurn() {
        let before = clock.turnBegan()
        usleep(100)
        let after = clock.look()
        #expect(after >= before + 100_000)
        #expect(clock.turnBegan() >= after)
    }
}
