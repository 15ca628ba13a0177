import EventLoops
import Glibc
import Testing

/// When a loop looks at its clock. Bounds are such that a machine with other things to do keeps them.
@Suite struct PacedClockTests {
    /// The turns in which the clock was looked at.
    private func looks(_ clock: inout PacedClock, turns: Int, _ turn: () -> Void) -> Int {
        var looks = 0
        for _ in 0..<turns {
            turn()
            let before = clock.latest
            clock.turnBegan()
            if clock.latest != before { looks += 1 }
        }
        return looks
    }

    @Test func longTurns_areEachLookedAt() {
        var clock = PacedClock()
        #expect(looks(&clock, turns: 50) { usleep(1000) } == 50)
    }

    @Test func fewShortTurns_areEachLookedAt() {
        var clock = PacedClock()
        #expect(looks(&clock, turns: 60) {} == 60)
    }

    @Test func manyShortTurns_areLookedAtSeldom() {
        var clock = PacedClock()
        #expect(looks(&clock, turns: 100_000) {} < 25_000)
    }

    @Test func longTurns_areLookedAtAgain_afterABusyTime() {
        var clock = PacedClock()
        _ = looks(&clock, turns: 10_000) {}
        // The rest of a stride at most.
        _ = looks(&clock, turns: 32) { usleep(20_000) }
        #expect(looks(&clock, turns: 20) { usleep(1000) } == 20)
    }

    @Test func look_isOutOfTurn_andNeverBack() {
        var clock = PacedClock()
        let before = clock.latest
        clock.look()
        #expect(clock.latest >= before)
        usleep(100)
        clock.look()
        #expect(clock.latest > before)
    }
}
