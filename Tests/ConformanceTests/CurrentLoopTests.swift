import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct CurrentLoops {
        /// POLICY-001.
        @Test(arguments: LoopKind.allCases)
        func getRunningLoop_returnsTheLoop_onlyWithinIt(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                expectLoopError(.notRunning) { try getRunningLoop() }
                try loop.runUntilComplete {
                    var seen: [String: any AbstractEventLoop] = ["task": try getRunningLoop()]
                    loop.callSoon { seen["callback"] = try getRunningLoop() }
                    loop.callLater(.milliseconds(1)) { seen["timer"] = try getRunningLoop() }
                    let future = loop.createFuture(of: Void.self)
                    future.addDoneCallback { _ in seen["done callback"] = try getRunningLoop() }
                    loop.callSoon { try future.setResult(()) }
                    let posted = SharedCount()
                    let elsewhere = try await loop.runInExecutor {
                        try loop.callSoonThreadsafe {
                            let found = try getRunningLoop()
                            if found === loop { posted.increment() }
                        }
                        return (try? getRunningLoop()) == nil
                    }.value
                    #expect(elsewhere, "a thread of the executor runs no loop")
                    await Task.detached { expectLoopError(.notRunning) { try getRunningLoop() } }.value
                    seen["task that has waited"] = try getRunningLoop()
                    try await loop.eventually("all callbacks have run") { seen.count == 5 && posted.value == 1 }
                    for (place, found) in seen { #expect(found === loop, "\(place)") }
                }
                expectLoopError(.notRunning) { try getRunningLoop() }
            }
        }

        /// POLICY-002.
        @Test(arguments: LoopKind.allCases)
        func getEventLoop_returnsTheRunningLoop_whateverThePolicySays(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try restoringThePolicy {
                    let other = try kind.make()
                    defer { #expect(throws: Never.self) { try other.close() } }
                    setEventLoop(other)
                    try loop.runUntilComplete {
                        var seen = [try getEventLoop()]
                        loop.callSoon { seen.append(try getEventLoop()) }
                        try await loop.turns()
                        setEventLoop(nil)
                        seen.append(try getEventLoop())
                        setEventLoopPolicy(RecordingPolicy(kind, hasNone: true))
                        seen.append(try getEventLoop())
                        setEventLoop(other)
                        try await loop.turns()
                        seen.append(try getEventLoop())
                        #expect(seen.count == 5)
                        #expect(seen.allSatisfy { $0 === loop })
                    }
                    let found = try getEventLoop()
                    #expect(found === other, "not the policy's loop although no loop runs")
                }
            }
        }

        /// POLICY-003: as in Python 3.14.
        ///
        /// No thread is special, so any one shows it.
        @Test func getEventLoop_throwsWithARemedy_whenNothingIsSet() async throws {
            try await onThread {
                let error = #expect(throws: EventLoopError.self) { try getEventLoop() }
                #expect(error?.code == .notRunning)
                #expect(error?.description.contains("setEventLoop") == true, "\(String(describing: error))")
                expectLoopError(.notRunning) { try DefaultEventLoopPolicy().getEventLoop() }
            }
        }

        /// POLICY-005.
        @Test(arguments: LoopKind.allCases)
        func setEventLoop_setsAndClears_forItsThreadOnly(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try restoringThePolicy {
                    setEventLoop(loop)
                    let found = try getEventLoop()
                    #expect(found === loop)
                    #expect(!loop.isRunning)
                    let neighbour = HelperThread {
                        expectLoopError(.notRunning) { try getEventLoop() }
                        // Clearing on a thread without a loop has no effect, and does not affect another thread.
                        setEventLoop(nil)
                        #expect(throws: Never.self) {
                            let own = try kind.make()
                            setEventLoop(own)
                            let found = try getEventLoop()
                            #expect(found === own)
                            try own.close()
                        }
                    }
                    neighbour.join()
                    let still = try getEventLoop()
                    #expect(still === loop)
                    setEventLoop(nil)
                    expectLoopError(.notRunning) { try getEventLoop() }
                }
            }
        }

        /// POLICY-005: a loop that is set stays set across runs and after `close()`.
        @Test(arguments: LoopKind.allCases)
        func setEventLoop_retainsTheLoop_untilAnotherIsSet(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try restoringThePolicy {
                    let first = WeakLoop()
                    try {
                        let made = try kind.make()
                        first.loop = made
                        setEventLoop(made)
                        let value = try getEventLoop().runUntilComplete { 4 }
                        #expect(value == 4)
                        try made.close()
                    }()
                    #expect(first.loop != nil, "the loop that is set was released")
                    #expect(try getEventLoop().isClosed)
                    setEventLoop(loop)
                    #expect(first.loop == nil, "the replaced loop was not released")
                    let found = try getEventLoop()
                    #expect(found === loop)
                }
            }
        }

        /// POLICY-005: the loop of a thread is released when the thread ends.
        @Test(arguments: LoopKind.allCases)
        func setEventLoop_releasesTheLoop_whenTheThreadEnds(_ kind: LoopKind) async throws {
            try await onThread {
                let policy = DefaultEventLoopPolicy()
                let left = WeakLoop()
                HelperThread {
                    #expect(throws: Never.self) {
                        try {
                            let loop = try kind.make()
                            left.loop = loop
                            policy.setEventLoop(loop)
                            try loop.close()
                        }()
                        #expect(left.loop != nil)
                        #expect(try policy.getEventLoop() === left.loop)
                    }
                }.join()
                // The helper has run its body, but the thread has not ended yet.
                let deadline = MonotonicClock.now() + 10_000_000_000
                while left.loop != nil, MonotonicClock.now() < deadline { block(.milliseconds(1)) }
                #expect(left.loop == nil)
                expectLoopError(.notRunning) { try policy.getEventLoop() }
            }
        }

        /// POLICY-012.
        @Test(arguments: LoopKind.allCases)
        func getRunningLoop_throwsAgain_afterAnyEndOfTheRun(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try loop.runUntilComplete {}
                expectLoopError(.notRunning) { try getRunningLoop() }
                expectLoopError(.notRunning) { try getEventLoop() }
                #expect(throws: Mishap(number: 1)) { try loop.runUntilComplete { throw Mishap(number: 1) } }
                expectLoopError(.notRunning) { try getRunningLoop() }
                expectLoopError(.stoppedBeforeCompletion) {
                    try loop.runUntilComplete {
                        loop.stop()
                        try await loop.sleep(for: .seconds(3600))
                    }
                }
                expectLoopError(.notRunning) { try getRunningLoop() }
                try loop.turn()
                expectLoopError(.notRunning) { try getRunningLoop() }
                try loop.close()
                expectLoopError(.closed) { try loop.runForever() }
                expectLoopError(.notRunning) { try getRunningLoop() }
                expectLoopError(.notRunning) { try getEventLoop() }
            }
        }
    }
}
