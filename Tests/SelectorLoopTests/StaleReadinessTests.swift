import Testing

@testable import SelectorLoop

/// When stale readiness is reported.
@Suite struct StaleReadinessTests {
    /// Finds the tags in one turn, and returns how many were to be reported.
    private func turn(_ stale: inout StaleReadiness, _ tags: UInt64...) -> Int {
        let reported = tags.filter { stale.found($0) }.count
        stale.turnEnded()
        return reported
    }

    @Test func tag_isReportedOnce_whenItIsFoundInManyTurnsInARow() {
        var stale = StaleReadiness()
        for _ in 1..<StaleReadiness.limit { #expect(turn(&stale, 7, 8, 7) == 0) }
        #expect(turn(&stale, 8, 7) == 1)
        for _ in 0..<(2 * StaleReadiness.limit) { #expect(turn(&stale, 7, 8) == 0) }
    }

    @Test func turnWithoutTheTag_restartsTheCount() {
        var stale = StaleReadiness()
        for _ in 1..<StaleReadiness.limit { #expect(turn(&stale, 7) == 0) }
        #expect(turn(&stale) == 0)
        for _ in 1..<StaleReadiness.limit { #expect(turn(&stale, 7) == 0) }
        #expect(turn(&stale, 7) == 1)
    }

    @Test func differentTags_areNotReported() {
        var stale = StaleReadiness()
        for number in 0..<UInt64(3 * StaleReadiness.limit) { #expect(turn(&stale, number) == 0) }
    }
}
