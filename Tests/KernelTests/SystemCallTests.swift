import Glibc
import Testing

@testable import Kernel

struct SystemCallTests {
    /// A call that fails with each of these errors in turn, and then succeeds.
    private struct Script {
        var failures: [Int32]
        var calls = 0

        mutating func run() -> Int32 {
            calls += 1
            if failures.isEmpty { return 42 }
            errno = failures.removeFirst()
            return -1
        }
    }

    @Test func interruptedCall_isRepeated() throws {
        var script = Script(failures: [EINTR, EINTR])
        #expect(try SystemCall.value { script.run() } == 42)
        #expect(script.calls == 3)
        script = Script(failures: [EINTR])
        #expect(try SystemCall.count { Int(script.run()) } == 42)
        script = Script(failures: [EINTR])
        try SystemCall.nothing { script.run() }
        #expect(script.calls == 2)
    }

    @Test func failedCall_throwsItsErrno_once() {
        var script = Script(failures: [EPIPE])
        #expect(throws: Errno.brokenPipe) { try SystemCall.count { Int(script.run()) } }
        #expect(script.calls == 1)
    }

    @Test func callThatMustNotBeRepeated_throwsInterrupted() {
        var script = Script(failures: [EINTR])
        #expect(throws: Errno.interrupted) { try SystemCall.once { script.run() } }
        #expect(script.calls == 1)
    }

    @Test func negativeResultsOtherThanMinusOne_areNotFailures() throws {
        #expect(try SystemCall.value { -2 } == -2)
    }

    @Test func clock_countsNanoseconds_andNeverRunsBackwards() {
        let before = MonotonicClock.now()
        usleep(2000)
        let after = MonotonicClock.now()
        #expect(after - before >= 2_000_000)
        #expect(after - before < 60_000_000_000)
    }
}
