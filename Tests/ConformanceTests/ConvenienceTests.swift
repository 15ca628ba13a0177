import EventLoops
import Glibc
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Short forms for frequent calls.
    @Suite struct Conveniences {
        /// TASK-007: tasks of different types can be cancelled and awaited through one type.
        @Test(arguments: LoopKind.allCases)
        func tasksOfAnyType_areCancelledAndAwaited(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let sleeper = loop.createTask { try await loop.sleep(for: .seconds(3600)) }
                let failing = loop.createTask { () -> Int in throw Mishap() }
                let tasks: [any LoopTaskProtocol] = [sleeper, failing]
                let own = loop.currentTask()
                try await loop.turns()
                for task in loop.allTasks where task !== own { task.cancel() }
                for task in tasks { await task.ended() }
                #expect(sleeper.isCancelled)
                #expect(failing.isDone && !failing.isCancelled)
                #expect(try failing.exception() as? Mishap == Mishap())
            }
        }

        @Test(arguments: LoopKind.allCases)
        func withTimeout_acceptsAClosureWithoutParameters(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let value = try await loop.withTimeout(.seconds(3600)) { 7 }
                #expect(value == 7)
                await expectLoopErrorLater(.timedOut) {
                    try await loop.withTimeout(.milliseconds(1)) { try await loop.sleep(for: .seconds(3600)) }
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func futureOfVoid_isSetWithoutAValue(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future: Future<Void> = loop.createFuture()
                try future.setResult()
                try await future.value
                expectLoopError(.invalidState) { try future.setResult() }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func signals_areASequenceOfNumbers_andNamedInTheDump(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let signals = try loop.signals([SIGUSR1, SIGUSR2])
                #expect(loop.dump().contains("SIGUSR1 (\(SIGUSR1))"))
                kill(getpid(), SIGUSR2)
                let first = try await signals.first { _ in true }
                #expect(first == SIGUSR2)
                expectLoopError(.invalidArgument) { try loop.signals([]) }
            }
        }

        @Test(arguments: [LoopBackend.epoll, .poll, .select])
        func newEventLoop_acceptsABackend(_ backend: LoopBackend) async throws {
            try await onThread {
                let loop = try newEventLoop(backend: backend)
                #expect(loop.backend == backend)
                try loop.close()
            }
        }

        @Test func instants_supportArithmetic() {
            let start = LoopInstant(nanoseconds: 1_000)
            #expect(start + .nanoseconds(5) == LoopInstant(nanoseconds: 1_005))
            #expect(start - .nanoseconds(5) == LoopInstant(nanoseconds: 995))
            #expect((start + .seconds(2)) - start == .seconds(2))
            #expect(start - (start + .seconds(2)) == .seconds(-2))
            #expect(LoopInstant.distantFuture + .seconds(1) == .distantFuture)
        }

        /// DNS-002: the remedy matches the mistake.
        @Test(arguments: LoopKind.allCases)
        func emptyHost_isReportedAsSuch(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                do {
                    _ = try await loop.openConnection(host: "", port: 1)
                    Issue.record("it connected")
                } catch let error as EventLoopError {
                    #expect(error.detail.contains("host is empty"), "\(error)")
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func logOfAnUnretrievedError_namesTheRemedy(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let log = LogRecorder(about: "PROACTOR_DEBUG=1")
                defer { log.stop() }
                loop.debug = false
                loop.setExceptionHandler(nil)
                loop.callSoon { throw Mishap() }
                try loop.turn()
                #expect(log.lines.count == 1)
                do {
                    let future: Future<Int> = loop.createFuture()
                    try future.setException(Mishap())
                }
                #expect(log.lines.count == 2)
                loop.debug = true
                loop.callSoon { throw Mishap() }
                try loop.turn()
                loop.debug = false
                #expect(log.lines.count == 2, "the place is known")
            }
        }
    }
}
