import EventLoops
import Testing

@Suite struct LoopInstantTests {
    private let longest = Duration(secondsComponent: .max, attosecondsComponent: 999_999_999_999_999_999)
    private let shortest = Duration(secondsComponent: .min, attosecondsComponent: -999_999_999_999_999_999)

    @Test func advanced_isExact_withinTheClock() {
        let instant = LoopInstant(nanoseconds: 1000)
        #expect(instant.advanced(by: .nanoseconds(1)).nanoseconds == 1001)
        #expect(instant.advanced(by: .seconds(-1)).nanoseconds == 1000 - 1_000_000_000)
        #expect(instant.advanced(by: .zero) == instant)
        #expect(instant.advanced(by: .milliseconds(1500)).nanoseconds == 1_500_001_000)
    }

    @Test func advanced_isClamped_onOverflow() {
        let starts = [Int64.min, -1, 0, 1, .max].map { LoopInstant(nanoseconds: $0) }
        for start in starts {
            #expect(start.advanced(by: longest) >= start)
            #expect(start.advanced(by: shortest) <= start)
        }
        #expect(LoopInstant.distantFuture.advanced(by: .nanoseconds(1)) == .distantFuture)
        #expect(LoopInstant(nanoseconds: 1).advanced(by: longest) == .distantFuture)
        #expect(LoopInstant(nanoseconds: -2).advanced(by: shortest).nanoseconds == .min)
        #expect(LoopInstant(nanoseconds: .min).advanced(by: .nanoseconds(-1)).nanoseconds == .min)
    }

    @Test func clampedNanoseconds_isClamped_atTheExtremes() {
        #expect(longest.clampedNanoseconds == .max)
        #expect(shortest.clampedNanoseconds == .min)
        #expect(Duration.nanoseconds(Int64.max).clampedNanoseconds == .max)
        #expect(Duration.nanoseconds(Int64.min).clampedNanoseconds == .min)
        #expect((Duration.nanoseconds(Int64.max) + .nanoseconds(1)).clampedNanoseconds == .max)
        #expect((Duration.nanoseconds(Int64.min) - .nanoseconds(1)).clampedNanoseconds == .min)
        #expect(Duration.nanoseconds(-1).clampedNanoseconds == -1)
        // On both sides of 2^64 attoseconds.
        for count: Int64 in [18_446_744_073, 18_446_744_074] {
            #expect(Duration.nanoseconds(count).clampedNanoseconds == count)
        }
        // A duration below one nanosecond counts as zero.
        #expect(Duration(secondsComponent: 0, attosecondsComponent: 999_999_999).clampedNanoseconds == 0)
    }

    @Test func duration_isTheInverseOfAdvanced_evenAtTheExtremes() {
        let first = LoopInstant(nanoseconds: .min)
        #expect(first.duration(to: .distantFuture) == .nanoseconds(Int64.max) - .nanoseconds(Int64.min))
        #expect(LoopInstant.distantFuture.duration(to: first) < .zero)
        let one = LoopInstant(nanoseconds: 12)
        let other = LoopInstant(nanoseconds: 30)
        #expect(one.duration(to: other) == .nanoseconds(18))
        #expect(one.advanced(by: one.duration(to: other)) == other)
        #expect(one < other)
        #expect(first < .distantFuture)
    }
}
