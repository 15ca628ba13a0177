import Foundation
import Testing

@Suite struct TimerTests {
    @Test func timer_printsTheDate_onceASecond() throws {
        let began = Date()
        let (status, output, errors) = try Program("Timer", "2").end()
        let lines = output.split(separator: "\n")
        #expect(status == 0)
        #expect(errors.isEmpty)
        #expect(lines.count == 2)
        #expect(lines.allSatisfy { $0.wholeMatch(of: /\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/) != nil })
        #expect(Date().timeIntervalSince(began) >= 1)
    }
}
