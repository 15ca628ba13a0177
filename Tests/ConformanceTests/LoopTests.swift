import EventLoops
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct Running {
        /// LOOP-001.
        @Test(arguments: LoopKind.allCases)
        func runUntilComplete_returnsTheResultOfAsyncCode(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let result = try loop.runUntilComplete {
                    try await loop.sleep(for: .milliseconds(1))
                    return 42
                }
                #expect(result == 42)
            }
        }

        /// LOOP-002.
        @Test(arguments: LoopKind.allCases)
        func runUntilComplete_rethrowsTheErrorOfAsyncCode(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                #expect(throws: Mishap(number: 7)) {
                    try loop.runUntilComplete { throw Mishap(number: 7) }
                }
                #expect(!loop.isRunning)
            }
        }

        /// LOOP-003.
        @Test(arguments: LoopKind.allCases)
        func runUntilComplete_runsUntilAFutureIsDone(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let future = loop.createFuture(of: String.self)
                loop.callLater(.milliseconds(2)) { try future.setResult("done") }
                let value = try loop.runUntilComplete(future)
                #expect(value == "done")
                let failing = loop.createFuture(of: String.self)
                loop.callSoon { try failing.setException(Mishap(number: 3)) }
                #expect(throws: Mishap(number: 3)) { try loop.runUntilComplete(failing) }
                let cancelled = loop.createFuture(of: String.self)
                cancelled.cancel()
                #expect(throws: CancellationError.self) { try loop.runUntilComplete(cancelled) }
            }
        }

        /// LOOP-004.
        @Test(arguments: LoopKind.allCases)
        func runUntilComplete_refusesAFutureOfAnotherLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let other = try kind.make()
                var hasRun = false
                let handle = loop.callSoon { hasRun = true }
                let future = other.createFuture(of: Int.self)
                expectLoopError(.wrongLoop) { try loop.runUntilComplete(future) }
                #expect(!hasRun)
                handle.cancel()
                try other.close()
            }
        }

        /// LOOP-006.
        @Test(arguments: LoopKind.allCases)
        func runUntilComplete_throws_whenStoppedBeforeTheEnd(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                expectLoopError(.stoppedBeforeCompletion) {
                    try loop.runUntilComplete {
                        loop.stop()
                        try await loop.sleep(for: .seconds(3600))
                    }
                }
                #expect(!loop.isRunning)
            }
        }

        /// LOOP-007.
        @Test(arguments: LoopKind.allCases)
        func nestedRunUntilComplete_throws_andHasNoEffect(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let nested = Gate()
                let done = loop.createFuture(of: Int.self)
                try done.setResult(1)
                let result = try loop.runUntilComplete {
                    expectLoopError(.alreadyRunning) {
                        try loop.runUntilComplete { nested.open() }
                    }
                    expectLoopError(.alreadyRunning) { try loop.runUntilComplete(done) }
                    expectLoopError(.alreadyRunning) { try loop.runForever() }
                    #expect(loop.isRunning)
                    // If one of the refused calls had asked the loop to stop, it would stop within these turns.
                    for _ in 0..<5 { try await loop.sleep(for: .zero) }
                    return 5
                }
                #expect(result == 5)
                #expect(!nested.isOpen)
            }
        }

        /// LOOP-008.
        @Test(arguments: LoopKind.allCases)
        func run_throws_withinAnotherLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let other = try kind.make()
                let nested = Gate()
                var callbackRan = false
                loop.callSoon {
                    callbackRan = true
                    expectLoopError(.anotherLoopRunning) { try other.runForever() }
                    expectLoopError(.anotherLoopRunning) {
                        try other.runUntilComplete { nested.open() }
                    }
                    let value = try getRunningLoop()
                    #expect(value === loop)
                    #expect(!other.isRunning)
                }
                try loop.turn()
                try other.turn(3)
                try other.close()
                #expect(callbackRan)
                #expect(!nested.isOpen)
                expectLoopError(.notRunning) { try getRunningLoop() }
            }
        }

        /// LOOP-009, LOOP-015.
        @Test(arguments: LoopKind.allCases)
        func isRunning_isTrue_onlyDuringARun(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                #expect(!loop.isRunning)
                var seen: [Bool] = []
                loop.callSoon { seen.append(loop.isRunning) }
                loop.callLater(.milliseconds(5)) {
                    seen.append(loop.isRunning)
                    loop.stop()
                    seen.append(loop.isRunning)
                }
                try loop.runForever()
                #expect(seen == [true, true, true])
                #expect(!loop.isRunning)
                try loop.close()
                #expect(!loop.isRunning)
            }
        }

        /// LOOP-010.
        @Test(arguments: LoopKind.allCases)
        func runForever_runsOneTurn_whenStoppedBefore(_ kind: LoopKind) async throws {
            try await withRecordingLoop(kind) { loop in
                var log: [String] = []
                loop.callSoon {
                    log.append("first")
                    loop.callSoon { log.append("next turn") }
                }
                loop.callSoon { log.append("second") }
                loop.stop()
                try loop.runForever()
                #expect(log == ["first", "second"])
                #expect(loop.driver.waits.count == 1)
                if case .none? = loop.driver.waits.first {} else { Issue.record("the only turn may not wait") }
                // It must not wait even if there is nothing to run and no timer is due.
                try loop.turn()
                loop.driver.forgetWaits()
                loop.stop()
                try loop.runForever()
                #expect(loop.driver.waits.count == 1)
            }
        }

        /// LOOP-011.
        @Test(arguments: LoopKind.allCases)
        func stop_finishesTheTurn_butNotWhatItAdds(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                loop.callSoon {
                    log.append("stops")
                    loop.stop()
                    loop.callSoon { log.append("added") }
                }
                loop.callSoon { log.append("same batch") }
                try loop.runForever()
                #expect(log == ["stops", "same batch"])
                try loop.turn()
                #expect(log == ["stops", "same batch", "added"])
            }
        }

        /// LOOP-012, LOOP-013.
        @Test(arguments: LoopKind.allCases)
        func stop_endsOneRunOnly_howeverOftenItIsCalled(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                loop.stop()
                loop.stop()
                loop.callSoon {
                    loop.stop()
                    loop.stop()
                }
                try loop.runForever()
                var turns = 0
                func step() {
                    turns += 1
                    if turns == 5 { loop.stop() } else { loop.callSoon { step() } }
                }
                loop.callSoon { step() }
                try loop.runForever()
                #expect(turns == 5)
            }
        }

        /// LOOP-030.
        @Test(arguments: LoopKind.allCases)
        func secondRun_continuesWhereTheFirstStopped(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                let task = loop.createTask {
                    log.append("task begins")
                    try await loop.sleep(for: .milliseconds(20))
                    log.append("task ends")
                    return 9
                }
                loop.callLater(.milliseconds(10)) { log.append("timer") }
                for number in 0..<20 {
                    let value = try loop.runUntilComplete { number }
                    #expect(value == number)
                }
                #expect(log == ["task begins"] || log == ["task begins", "timer"])
                let value = try loop.runUntilComplete(task)
                #expect(value == 9)
                #expect(log == ["task begins", "timer", "task ends"])
            }
        }
    }
}
