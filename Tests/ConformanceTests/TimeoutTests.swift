import EventLoops
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct Timeouts {
        /// TASK-029.
        @Test(arguments: LoopKind.allCases)
        func waitFor_returnsTheResult_ifInTime(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let value = try await loop.waitFor(timeout: .seconds(3600)) {
                    try await loop.sleep(for: .milliseconds(1))
                    return 5
                }
                #expect(value == 5)
                await #expect(throws: Mishap(number: 1)) {
                    try await loop.waitFor(timeout: .seconds(3600)) { throw Mishap(number: 1) }
                }
            }
        }

        /// TASK-029.
        @Test(arguments: LoopKind.allCases)
        func waitFor_awaitsTheEndOfWhatItCancels(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var log: [String] = []
                let task = loop.createTask {
                    do { try await loop.sleep(for: .seconds(3600)) } catch {
                        let cleaning = loop.createTask { try await loop.sleep(for: .milliseconds(2)) }
                        await cleaning.ended()
                        log.append("cleaned")
                        throw error
                    }
                }
                await expectLoopErrorLater(.timedOut) { try await loop.waitFor(task, timeout: .milliseconds(1)) }
                log.append("timed out")
                #expect(log == ["cleaned", "timed out"])
                #expect(task.isCancelled)
                let future = loop.createFuture(of: Int.self)
                await expectLoopErrorLater(.timedOut) { try await loop.waitFor(future, timeout: .milliseconds(1)) }
                #expect(future.isCancelled)
            }
        }

        /// TASK-030, TASK-031.
        @Test(arguments: LoopKind.allCases)
        func waitFor_endsAtOnce_withoutTime(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let done = loop.createFuture(of: Int.self)
                try done.setResult(1)
                for timeout in [Duration.zero, .seconds(-1)] {
                    #expect(try await loop.waitFor(done, timeout: timeout) == 1)
                    await expectLoopErrorLater(.timedOut) {
                        try await loop.waitFor(timeout: timeout) { Issue.record("it began") }
                    }
                }
                for timeout in [nil, Duration.seconds(Int64.max)] {
                    let value = try await loop.waitFor(timeout: timeout) {
                        try await loop.sleep(for: .milliseconds(1))
                        return 2
                    }
                    #expect(value == 2)
                }
            }
        }

        /// TASK-032.
        @Test(arguments: LoopKind.allCases)
        func waitFor_losesNoResult_inARaceWithTimeoutOrCancellation(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let stubborn = try await loop.waitFor(timeout: .milliseconds(1)) {
                    do { try await loop.sleep(for: .seconds(3600)) } catch { return "caught" }
                    return "slept"
                }
                #expect(stubborn == "caught")
                let future = loop.createFuture(of: Int.self)
                let waiter = loop.createTask { try await loop.waitFor(future, timeout: .seconds(3600)) }
                for _ in 0..<3 { try await loop.sleep(for: .zero) }
                try future.setResult(6)
                waiter.cancel()
                #expect(try await waiter.value == 6)
                let pending = loop.createFuture(of: Int.self)
                let cancelled = loop.createTask { try await loop.waitFor(pending, timeout: .seconds(3600)) }
                for _ in 0..<3 { try await loop.sleep(for: .zero) }
                cancelled.cancel()
                await #expect(throws: CancellationError.self) { try await cancelled.value }
                #expect(pending.isCancelled)
            }
        }

        /// TASK-029: as above, with a scope.
        @Test(arguments: LoopKind.allCases)
        func withTimeout_throws_afterTheDeadlineOnly(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var kept: LoopTimeout?
                let begin = loop.time
                await expectLoopErrorLater(.timedOut) {
                    try await loop.withTimeout(.milliseconds(5)) { timeout in
                        kept = timeout
                        #expect(try #require(timeout.when) >= begin.advanced(by: .milliseconds(5)))
                        #expect(!timeout.expired)
                        try await loop.sleep(for: .seconds(3600))
                    }
                }
                #expect(kept?.expired == true)
                expectLoopError(.invalidState) { try kept?.reschedule(nil) }
                let value = try await loop.withTimeout(.seconds(3600)) { timeout in
                    kept = timeout
                    return 8
                }
                #expect(value == 8 && kept?.expired == false)
                expectLoopError(.invalidState) { try kept?.reschedule(nil) }
                let caught = try await loop.withTimeout(.milliseconds(1)) { _ in
                    do { try await loop.sleep(for: .seconds(3600)) } catch { return "caught" }
                    return "slept"
                }
                #expect(caught == "caught")
                await #expect(throws: Mishap(number: 3)) {
                    try await loop.withTimeout(nil) { _ in throw Mishap(number: 3) }
                }
            }
        }

        /// TASK-030: as above, with a scope, whose code starts in any case.
        @Test(arguments: LoopKind.allCases)
        func withTimeout_canMoveOrOmitItsDeadline(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                try await loop.withTimeout(.milliseconds(1)) { timeout in
                    try timeout.reschedule(nil)
                    #expect(timeout.when == nil)
                    try await loop.sleep(for: .milliseconds(3))
                }
                await expectLoopErrorLater(.timedOut) {
                    try await loop.withTimeout(nil) { timeout in
                        try timeout.reschedule(loop.time)
                        try await loop.sleep(for: .seconds(3600))
                    }
                }
                var steps = 0
                await expectLoopErrorLater(.timedOut) {
                    try await loop.withTimeout(at: loop.time) { _ in
                        steps += 1
                        try await loop.sleep(for: .zero)
                        steps += 1
                    }
                }
                #expect(steps == 1)
            }
        }

        /// TASK-029: the deadline passes after the code has ended, and before its caller resumes.
        @Test(arguments: LoopKind.allCases)
        func withTimeout_hasNotExpired_whenTheCodeWasCancelledBefore(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                // The deadline passes at once, or through a timer that is due by the time the callback returns.
                for delay in [Duration.zero, .milliseconds(3)] {
                    let future = loop.createFuture(of: Int.self)
                    var kept: LoopTimeout?
                    await #expect(throws: CancellationError.self) {
                        try await loop.withTimeout(nil) { timeout in
                            kept = timeout
                            loop.callSoon {
                                future.cancel()
                                try timeout.reschedule(loop.time.advanced(by: delay))
                                block(delay)
                            }
                            return try await future.value
                        }
                    }
                    #expect(kept?.expired == false)
                    expectLoopError(.invalidState) { try kept?.reschedule(nil) }
                }
            }
        }

        /// TASK-029: a caller that starts on the loop's thread and resumes on another one.
        @Test(arguments: LoopKind.allCases)
        func withTimeout_cancelsItsTimer_whenTheCallerResumesElsewhere(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let timers = loop.statistics.timersPending
                let caller = Task.immediate {
                    await expectLoopErrorLater(.wrongThread) {
                        try await loop.withTimeout(.seconds(3600)) { try await loop.sleep(for: .milliseconds(1)) }
                    }
                }
                await caller.value
                try await loop.eventually("the timers are cancelled") { loop.statistics.timersPending == timers }
            }
        }

        /// TASK-029: nested scopes, and a scope in a cancelled task.
        @Test(arguments: LoopKind.allCases)
        func withTimeout_distinguishesItsOwnDeadline(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var log: [String] = []
                await expectLoopErrorLater(.timedOut) {
                    try await loop.withTimeout(.milliseconds(1)) { _ in
                        do {
                            try await loop.withTimeout(.seconds(3600)) { _ in try await loop.sleep(for: .seconds(3600))
                            }
                        } catch {
                            log.append("\(type(of: error))")
                            throw error
                        }
                    }
                }
                #expect(log == ["CancellationError"])
                let task = loop.createTask {
                    let me = loop.currentTask()
                    try await loop.withTimeout(.seconds(3600)) { _ in
                        #expect(loop.currentTask() === me)
                        #expect(loop.allTasks.count == 2)
                        try await loop.sleep(for: .seconds(3600))
                    }
                }
                try await loop.sleep(for: .milliseconds(1))
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(loop.allTasks.count == 1)
            }
        }
    }
}
