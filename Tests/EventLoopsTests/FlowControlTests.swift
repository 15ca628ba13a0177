import EventLoops
import TestSupport
import Testing

@Suite struct FlowControlTests {
    @Test func limits_areThoseOfAsyncio_byDefault() {
        let flow = FlowControl()
        #expect(flow.limits.low == 16 * 1024 && flow.limits.high == 64 * 1024)
        #expect(!flow.isPaused)
    }

    @Test func missingLimit_isDerivedFromTheOther() throws {
        let cases: [(high: Int?, low: Int?, newLow: Int, newHigh: Int)] = [
            (nil, nil, 16_384, 65_536),
            (1000, nil, 250, 1000),
            (nil, 1000, 1000, 4000),
            (0, nil, 0, 0),
            (5, 5, 5, 5),
            (3, nil, 0, 3),
            (nil, .max / 2, .max / 2, .max),
            (nil, .max, .max, .max),
        ]
        for (high, low, newLow, newHigh) in cases {
            var flow = FlowControl()
            flow.adopt(try FlowControl.limits(high: high, low: low))
            #expect(flow.limits.low == newLow)
            #expect(flow.limits.high == newHigh)
        }
    }

    @Test func impossibleLimits_areRefused() throws {
        let cases: [(high: Int?, low: Int?)] = [(1, 2), (nil, -1), (-1, nil), (0, -1), (nil, .min)]
        for (high, low) in cases {
            do {
                let limits = try FlowControl.limits(high: high, low: low)
                Issue.record("\(limits) resulted from high \(high ?? -99), low \(low ?? -99)")
            } catch {
                #expect(error.code == .invalidArgument)
                // The multiplication must not wrap.
                #expect(low != .min || error.detail.contains("high (\(Int.min))"), "\(error)")
            }
        }
    }

    @Test func pauseAndResume_alternate_atTheLimits() throws {
        var flow = FlowControl()
        flow.adopt(try FlowControl.limits(high: 100, low: 25))
        var calls: [String] = []
        for size in [0, 100, 101, 500, 101, 26, 25, 0, 100, 101, 25, 25] {
            if flow.mustPause(at: size) { calls.append("pause \(size)") }
            if flow.mustResume(at: size) { calls.append("resume \(size)") }
            #expect(flow.isPaused == (calls.count % 2 == 1))
        }
        #expect(calls == ["pause 101", "resume 25", "pause 101", "resume 25"])
    }

    @Test func pauseAndResume_work_withLimitsOfZero() throws {
        var flow = FlowControl()
        flow.adopt(try FlowControl.limits(high: 0, low: nil))
        let answers = [flow.mustPause(at: 0), flow.mustPause(at: 1), flow.mustResume(at: 1), flow.mustResume(at: 0)]
        #expect(answers == [false, true, false, true])
    }
}
