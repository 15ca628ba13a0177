import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// RUN-007: a runner, step by step.
    @Suite struct Runners {
        @Test(arguments: LoopKind.allCases)
        func runs_shareOneLoop_thatIsMadeOnDemand(_ kind: LoopKind) async throws {
            try await onThread {
                let before = OpenSockets.open()
                nonisolated(unsafe) var made = 0
                let runner = Runner(debug: true) {
                    made += 1
                    return try kind.make()
                }
                #expect(made == 0)
                let first = try runner.run { loop in loop }
                let second = try runner.run { loop in loop }
                #expect(made == 1)
                #expect(first === second)
                #expect(try runner.loop === first)
                #expect(first.debug)
                // Tasks that one run leaves behind continue in the next.
                nonisolated(unsafe) var ticks = 0
                try runner.run { loop in
                    _ = loop.createTask {
                        while true {
                            ticks += 1
                            try await loop.sleep(for: .zero)
                        }
                    }
                }
                try runner.run { loop in try await loop.eventually("six ticks") { ticks > 5 } }
                try runner.close()
                #expect(first.isClosed)
                #expect(OpenSockets.left(since: before) == [], "descriptors left open")
            }
        }

        @Test(arguments: LoopKind.allCases)
        func errorOfARun_leavesTheRunnerUsable(_ kind: LoopKind) async throws {
            try await onThread {
                let runner = Runner(loopFactory: kind.make)
                do {
                    try runner.run { _ in throw Mishap(number: 1) }
                    Issue.record("nothing was thrown")
                } catch {
                    #expect(error as? Mishap == Mishap(number: 1))
                }
                expectLoopError(.stoppedBeforeCompletion) {
                    try runner.run { loop in
                        loop.stop()
                        try await loop.sleep(for: .seconds(3600))
                    }
                }
                #expect(try runner.run { _ in 3 } == 3)
                try runner.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func close_isIdempotent_andFinal(_ kind: LoopKind) async throws {
            try await onThread {
                let used = Runner(loopFactory: kind.make)
                try used.run { _ in }
                let unused = Runner {
                    Issue.record("close made a loop")
                    return try kind.make()
                }
                for runner in [used, unused] {
                    for _ in 0..<2 { try runner.close() }
                    expectLoopError(.closed) { try runner.run { _ in } }
                    expectLoopError(.closed) { try runner.loop }
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func runner_isRefused_withinARunningLoop_andUnharmed(_ kind: LoopKind) async throws {
            try await onThread {
                let runner = Runner(loopFactory: kind.make)
                nonisolated(unsafe) let inside = runner
                try runner.run { loop in
                    expectLoopError(.anotherLoopRunning) { try inside.run { _ in } }
                    expectLoopError(.anotherLoopRunning) { try inside.close() }
                    try await loop.sleep(for: .zero)
                }
                #expect(try runner.run { _ in 1 } == 1)
                try runner.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func errorOfTheFactory_isThrown_andTheNextRunRetries(_ kind: LoopKind) async throws {
            try await onThread {
                nonisolated(unsafe) var tries = 0
                let runner = Runner {
                    tries += 1
                    if tries == 1 { throw Mishap(number: 1) }
                    return try kind.make()
                }
                #expect(throws: Mishap(number: 1)) { try runner.run { _ in } }
                #expect(try runner.run { _ in 2 } == 2)
                try runner.close()
            }
        }

        /// The thread's current loop is the same as with `asyncio.Runner`.
        @Test(arguments: LoopKind.allCases)
        func currentLoop_isTheRunners_untilItIsClosed(_ kind: LoopKind) async throws {
            try await onThread {
                try restoringThePolicy {
                    let policy = RecordingPolicy(kind)
                    setEventLoopPolicy(policy)
                    let runner = Runner()
                    #expect(policy.current == nil)
                    let loop = try runner.loop
                    #expect(policy.current === loop)
                    setEventLoop(nil)
                    try runner.run { _ in }
                    #expect(policy.current == nil, "the loop was set again")
                    try runner.close()
                    #expect(policy.current == nil)
                }
            }
        }

        /// Errors at the end reach the exception handler, and the tasks have ended.
        @Test(arguments: LoopKind.allCases)
        func close_endsTheTasks_andReportsTheirErrors(_ kind: LoopKind) async throws {
            try await onThread {
                let recorder = ExceptionRecorder()
                let runner = Runner(loopFactory: kind.make)
                recorder.attach(to: try runner.loop)
                try runner.run { loop in
                    loop.createTask(name: "left") {
                        do { try await loop.sleep(for: .seconds(3600)) } catch { throw Mishap(number: 5) }
                    }
                    try await loop.sleep(for: .zero)
                }
                #expect(recorder.contexts.isEmpty)
                try runner.close()
                let context = try #require(recorder.take().first)
                #expect(context.message == "unhandled exception during run() shutdown")
                #expect(context.error as? Mishap == Mishap(number: 5))
                #expect((context.task as? any LoopTaskProtocol)?.name == "left")
            }
        }

        @Test(arguments: LoopKind.allCases)
        func unclosedRunner_isClosedOnDeinit_andReported(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await onThread {
                    try withLog { log in
                        let loop = try Runner(loopFactory: kind.make).run { loop in loop }
                        #expect(loop.isClosed)
                        #expect(log.lines.contains { $0.text.contains("unclosed runner") }, "\(log.lines)")
                    }
                }
            }
        }
    }
}
