import Glibc
import Kernel
import Synchronization
import TestSupport
import Testing
import Uring

@Suite("Entering the kernel", .needsRing)
struct RingEnterTests {
    @Test func nops_complete_inOrder() throws {
        let harness = try RingHarness()
        for tag in 1...20 { harness.nop(UInt64(tag)) }
        try harness.ring.enter(.forever)
        harness.reap()
        #expect(harness.completions.map(\.tag) == Array(1...20))
        #expect(harness.completions.allSatisfy { $0.result == 0 })
        #expect(harness.ring.entriesQueued == 20)
        #expect(harness.ring.entriesSubmitted == 20)
        #expect(harness.ring.completionsReaped == 20)
        #expect(harness.ring.enters == 1)
    }

    @Test func enter_withNothingToDo_makesNoSystemCall() throws {
        let harness = try RingHarness()
        for _ in 1...10 { try harness.ring.enter(.none) }
        #expect(harness.ring.enters == 0)
        harness.nop(1)
        try harness.ring.enter(.none)
        #expect(harness.ring.enters == 1)
        // A completion is pending: none of these may sleep, and none needs the kernel.
        try harness.ring.enter(.forever)
        try harness.ring.enter(.until(.max))
        #expect(harness.ring.enters == 1)
        #expect(harness.ring.dispatch() == 1)
    }

    @Test(arguments: [RingWait.none, .until(0)])
    func deferredWork_isNoticed_withAnEmptyQueue(_ wait: RingWait) throws {
        let harness = try RingHarness()
        let pair = try SocketPair()
        _ = harness.ring.poll(pair.left, events: UInt32(POLLIN), for: harness.target(7))
        try harness.ring.enter(.none)
        #expect(harness.ring.dispatch() == 0)
        pair.write([1])
        try harness.ring.enter(wait)
        harness.reap()
        #expect(harness.completions.map(\.tag) == [7])
    }

    @Test(arguments: [false, true])
    func waitUntil_returnsAtTheDeadline_withoutACompletion(relative: Bool) throws {
        #if DEBUG
            var configuration = RingConfiguration(entries: 8, completionEntries: 8)
            if relative { configuration.pretence.missingFeatures = 1 << 15 }
            let harness = try RingHarness(configuration)
            #expect(!relative || !harness.ring.features.absoluteTimer)
        #else
            let harness = try RingHarness()
        #endif
        let start = MonotonicClock.now()
        try harness.ring.enter(.until(start + 20_000_000))
        let waited = MonotonicClock.now() - start
        #expect(waited >= 20_000_000)
        #expect(waited < 500_000_000)
        #expect(harness.ring.dispatch() == 0)
    }

    @Test func waitUntil_aPastDeadline_submits_andDoesNotSleep() throws {
        let harness = try RingHarness()
        let start = MonotonicClock.now()
        let calls = harness.ring.enters
        for deadline in [0, -1, .min, start - 1] { try harness.ring.enter(.until(deadline)) }
        #expect(harness.ring.enters == calls)
        harness.nop(1)
        try harness.ring.enter(.until(start))
        #expect(harness.ring.enters == calls + 1)
        #expect(harness.ring.dispatch() == 1)
        #expect(MonotonicClock.now() - start < 100_000_000)
    }

    @Test func waitUntil_returnsOnACompletion() throws {
        let harness = try RingHarness()
        harness.nop(1)
        let start = MonotonicClock.now()
        try harness.ring.enter(.until(start + 5_000_000_000))
        #expect(MonotonicClock.now() - start < 2_000_000_000)
        #expect(harness.ring.dispatch() == 1)
    }

    @Test func signal_endsTheWait_withoutAnError() throws {
        let harness = try RingHarness()
        signal(SIGUSR2) { _ in }
        // Threads of a pool block signals.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGUSR2)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        defer { pthread_sigmask(SIG_BLOCK, &signals, nil) }
        let sleeper = pthread_self()
        let isAwake = Atomic(false)
        func interrupt() {
            while !isAwake.load(ordering: .acquiring) {
                usleep(5000)
                pthread_kill(sleeper, SIGUSR2)
            }
        }
        try withThread(interrupt) {
            let start = MonotonicClock.now()
            try harness.ring.enter(.until(start + 5_000_000_000))
            isAwake.store(true, ordering: .releasing)
            #expect(MonotonicClock.now() - start < 3_000_000_000)
        }
    }

    @Test func enter_ofADisabledRing_throws() throws {
        let harness = try RingHarness(RingConfiguration(entries: 8, completionEntries: 8), isEnabled: false)
        let ring = harness.ring
        // More entries than the queue holds: they wait without the kernel.
        for number in 1...20 { harness.nop(UInt64(number)) }
        let error = #expect(throws: RingError.self) { try ring.enter(.none) }
        #expect(error?.errno.rawValue == EBADFD)
        #expect(error?.remedy.contains("enable()") == true)
        // The first enter afterwards submits what was queued before.
        try ring.enable()
        #expect(try harness.wait(for: 20).map(\.tag) == Array(1...20))
    }

    @Test func enter_onAnotherThread_throwsAnErrorThatNamesTheRule() throws {
        let harness = try RingHarness()
        nonisolated(unsafe) let ring = harness.ring
        nonisolated(unsafe) var caught: RingError?
        try withThread {
            do throws(RingError) { try ring.enter(.none) } catch { caught = error }
        }
        let error = try #require(caught)
        #expect(error.errno.rawValue == EEXIST)
        #expect(error.remedy.contains("thread"))
        // The ring still works.
        harness.nop(1)
        try harness.wait(for: 1)
    }

    @Test func secondEnable_onAnotherThread_isRefused() throws {
        let harness = try RingHarness()
        nonisolated(unsafe) let ring = harness.ring
        nonisolated(unsafe) var caught: RingError?
        try withThread {
            do throws(RingError) { try ring.enable() } catch { caught = error }
        }
        #expect(caught?.operation == "io_uring_register(ENABLE_RINGS)")
    }
}
