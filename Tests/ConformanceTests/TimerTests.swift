import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct Timers {
        /// TIMER-001, TIMER-002, TIMER-004.
        @Test(arguments: LoopKind.allCases)
        func timer_firesOnceAndNotEarly_whenItIsDue(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var fired: [(LoopInstant, LoopInstant)] = []
                let began = loop.time
                let earliest = began.advanced(by: .milliseconds(15))
                let later = loop.callLater(.milliseconds(15)) { fired.append((earliest, loop.time)) }
                #expect(later.when >= earliest)
                #expect(later.when <= loop.time.advanced(by: .milliseconds(15)))
                let when = loop.time.advanced(by: .milliseconds(10))
                let handle = loop.callAt(when) { fired.append((when, loop.time)) }
                #expect(handle.when == when)
                try loop.run(for: .milliseconds(30))
                #expect(fired.count == 2)
                for (due, actual) in fired { #expect(actual >= due) }
            }
        }

        /// TIMER-003.
        @Test(arguments: LoopKind.allCases)
        func time_advances_withinOneCallback(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var took = Duration.zero
                loop.callSoon {
                    let began = loop.time
                    block(.milliseconds(5))
                    took = began.duration(to: loop.time)
                    #expect(loop.time <= loop.time)
                }
                try loop.turn()
                #expect(took >= .milliseconds(5))
                #expect(abs(loop.time.nanoseconds - MonotonicClock.now()) < 1_000_000_000)
            }
        }

        /// TIMER-005.
        @Test(arguments: LoopKind.allCases)
        func when_keepsItsValue_afterFiringAndCancellation(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let when = loop.time.advanced(by: .milliseconds(1))
                let fires = loop.callAt(when) {}
                let cancelled = loop.callAt(when) {}
                cancelled.cancel()
                try loop.run(for: .milliseconds(5))
                #expect(fires.when == when)
                #expect(cancelled.when == when)
                fires.cancel()
                #expect(fires.when == when)
            }
        }

        /// TIMER-006.
        @Test(arguments: LoopKind.allCases)
        func timer_neverFires_onceItIsCancelled(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                let timers = (1...6).map { number in
                    loop.callLater(.milliseconds(2 * number)) { log.append(number) }
                }
                timers[0].cancel()
                timers[3].cancel()
                #expect(timers[0].isCancelled && timers[3].isCancelled && !timers[1].isCancelled)
                loop.callLater(.milliseconds(5)) { timers[5].cancel() }
                try loop.run(for: .milliseconds(40))
                // On a slow machine, the last timer may be due together with the one that cancels it.
                #expect(log == [2, 3, 5] || log == [2, 3, 5, 6])
            }
        }

        /// TIMER-012.
        @Test(arguments: LoopKind.allCases)
        func timer_neverFiresEarly_howeverFarAheadItIs(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let far: [Duration] = [
                    .seconds(86_400 * 2), .seconds(1 << 54), .seconds(Int64.max),
                    .seconds(9_223_372_036) + .nanoseconds(1),
                    Duration(secondsComponent: .max, attosecondsComponent: 999_999_999_999_999_999),
                ]
                for delay in far {
                    let timer = loop.callLater(delay) { Issue.record("fired after \(delay)") }
                    #expect(timer.when > loop.time.advanced(by: .seconds(86_400)))
                    // The only timer in the heap, so that the loop really waits for it.
                    let helper = HelperThread {
                        block(.milliseconds(5))
                        _ = try? loop.callSoonThreadsafe { loop.stop() }
                    }
                    try loop.runForever()
                    helper.join()
                    timer.cancel()
                }
                let last = loop.callAt(.distantFuture) { Issue.record("fired at the end of time") }
                try loop.run(for: .milliseconds(2))
                last.cancel()
            }
        }

        /// TIMER-010, TIMER-012.
        @Test(arguments: LoopKind.allCases)
        func timerBeforeTheClocksZero_firesAtOnce(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                loop.callLater(.zero) { log.append(3) }
                loop.callLater(.seconds(-1)) { log.append(2) }
                loop.callLater(.seconds(Int64.min)) { log.append(0) }
                loop.callAt(LoopInstant(nanoseconds: -5)) { log.append(1) }
                try loop.turn(2)
                #expect(log == [0, 1, 2, 3])
            }
        }

        /// TIMER-010, TIMER-012: the loop computes the length of its sleep from a time before the clock's zero.
        @Test(arguments: LoopKind.allCases)
        func timerBeforeTheClocksZero_endsTheSleep(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                for past in [Int64.min, -1] {
                    loop.callAt(LoopInstant(nanoseconds: past)) { loop.stop() }
                    try loop.runForever()
                }
            }
        }

        /// TIMER-017.
        @Test(arguments: LoopKind.allCases)
        func sleep_takesFewTurns_howeverShortItIs(_ kind: LoopKind) async throws {
            try await withRecordingLoop(kind) { loop in
                try loop.runUntilComplete {
                    loop.driver.forgetWaits()
                    for nanoseconds: Int64 in [10_000_000, 100_000, 1000, 10, 1] {
                        try await loop.sleep(for: .nanoseconds(nanoseconds))
                    }
                    #expect(loop.driver.waits.count <= 20)
                }
            }
        }

        /// TIMER-018.
        @Test(arguments: LoopKind.allCases)
        func timer_isNeverShortened_byRounding(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for _ in 0..<8 {
                    let began = loop.time
                    try await loop.sleep(for: .milliseconds(17) + .nanoseconds(300))
                    #expect(began.duration(to: loop.time) >= .milliseconds(17) + .nanoseconds(300))
                }
            }
        }

        /// TIMER-020.
        @Test(arguments: LoopKind.allCases)
        func cancelledTimers_areReleased_longBeforeTheyAreDue(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                struct Weak { weak var timer: TimerHandle? }
                var kept: [TimerHandle] = []
                var cancelled: [Weak] = []
                for number in 0..<2000 {
                    let timer = loop.callLater(.seconds(3600)) {}
                    if number % 4 == 0 {
                        kept.append(timer)
                    } else {
                        cancelled.append(Weak(timer: timer))
                        timer.cancel()
                    }
                }
                // No more cancelled timers than live ones may be left, apart from the hundred below which the heap is
                // not purged.
                #expect(cancelled.count { $0.timer != nil } <= kept.count + 100)
                for timer in kept { timer.cancel() }
                kept = []
                loop.callLater(.seconds(3600)) {}.cancel()
                #expect(cancelled.count { $0.timer != nil } <= 100)
            }
        }
    }
}
