import EventLoops
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct Gathering {
        /// TASK-024.
        @Test(arguments: LoopKind.allCases)
        func gather_returnsResultsInOrder_whateverTheOrderOfCompletion(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let futures = (0..<3).map { _ in loop.createFuture(of: Int.self) }
                let all = loop.gather(futures + [futures[0]])
                for index in [2, 0, 1] {
                    try await loop.sleep(for: .zero)
                    #expect(!all.isDone)
                    try futures[index].setResult(index)
                }
                #expect(try await all.value == [0, 1, 2, 0])
                #expect(try await loop.gather([Future<Int>]()).value == [])
                let ended = try await loop.gather([{ 1 }, { 2 }]).value
                #expect(ended == [1, 2])
                let (number, text) = try await loop.gather(loop.createTask { 7 }, loop.createTask { "seven" }).value
                #expect(number == 7 && text == "seven")
            }
        }

        /// TASK-025.
        @Test(arguments: LoopKind.allCases)
        func gather_failsWithTheFirstError_andTheOthersContinue(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let slow = loop.createFuture(of: Int.self)
                let bad = loop.createFuture(of: Int.self)
                let worse = loop.createFuture(of: Int.self)
                let all = loop.gather([slow, bad, worse])
                try bad.setException(Mishap(number: 1))
                await #expect(throws: Mishap(number: 1)) { try await all.value }
                #expect(!slow.isDone)
                try worse.setException(Mishap(number: 2))
                try slow.setResult(1)
                // The second error counts as retrieved; otherwise the harness would find a report.
                try await loop.sleep(for: .zero)
                #expect(try slow.result() == 1)
            }
        }

        /// TASK-026.
        @Test(arguments: LoopKind.allCases)
        func gatherResults_returnsErrorsAsValues(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let futures = (0..<3).map { _ in loop.createFuture(of: Int.self) }
                let all = loop.gatherResults(futures)
                try futures[0].setException(Mishap(number: 1))
                futures[1].cancel()
                try await loop.sleep(for: .zero)
                #expect(!all.isDone)
                try futures[2].setResult(2)
                let results = try await all.value
                #expect(throws: Mishap(number: 1)) { try results[0].get() }
                #expect(throws: CancellationError.self) { try results[1].get() }
                #expect(try results[2].get() == 2)
            }
        }

        /// TASK-027.
        @Test(arguments: LoopKind.allCases)
        func cancellingAGather_cancelsItsPendingChildren(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let done = loop.createFuture(of: Int.self)
                try done.setResult(1)
                let tasks = (0..<2).map { _ in loop.createTask { try await loop.sleep(for: .seconds(3600)) } }
                let waiting = loop.createTask { try await loop.sleep(for: .seconds(3600)) }
                let all = loop.gather(tasks)
                try await loop.sleep(for: .zero)
                #expect(all.cancel(message: "enough"))
                #expect(!all.isDone)
                await #expect(throws: CancellationError.self) { try await all.value }
                #expect(all.isCancelled && all.cancelMessage == "enough")
                #expect(tasks.allSatisfy { $0.isCancelled })
                #expect(!all.cancel())
                #expect(!waiting.isDone)
                let mixed = loop.gatherResults([done, loop.createFuture(of: Int.self)])
                #expect(mixed.cancel())
                await #expect(throws: CancellationError.self) { try await mixed.value }
                #expect(try done.result() == 1)
                waiting.cancel()
                _ = try? await waiting.value
            }
        }

        /// TASK-027: the waiting task is cancelled; it continues once the children have ended.
        @Test(arguments: LoopKind.allCases)
        func cancellingAWaiter_cancelsTheGather_andAwaitsItsEnd(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var log: [String] = []
                let waiter = loop.createTask {
                    defer { log.append("waiter") }
                    _ = try await loop.gatherResults([
                        loop.createTask {
                            do { try await loop.sleep(for: .seconds(3600)) } catch { log.append("child") }
                        }
                    ]).value
                }
                try await loop.sleep(for: .milliseconds(1))
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                #expect(log == ["child", "waiter"])
            }
        }

        /// TASK-027: children that can never be settled do not hold up a cancelled waiter.
        @Test(arguments: LoopKind.allCases)
        func gather_canBeCancelled_whenItsChildrenWereReleased(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let waiter = loop.createTask { try await loop.gather([loop.createFuture(of: Int.self)]).value }
                try await loop.sleep(for: .zero)
                try await loop.sleep(for: .zero)
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                weak var dropped: Future<[Int]>?
                do {
                    let future = loop.createFuture(of: Int.self)
                    dropped = loop.gather([future])
                    #expect(dropped != nil)
                }
                #expect(dropped == nil)
            }
        }

        /// TASK-027: closing a loop ends every gather.
        @Test(arguments: LoopKind.allCases)
        func gather_ends_whenTheLoopCloses(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                weak var held: Witness?
                do {
                    let witness = Witness()
                    held = witness
                    loop.createTask {
                        defer { withExtendedLifetime(witness) {} }
                        let never = loop.createFuture(of: Int.self)
                        let sleeper = loop.createTask { () -> Int in
                            try await loop.sleep(for: .seconds(3600))
                            return 1
                        }
                        _ = try await loop.gather([never, sleeper]).value
                    }
                }
                try loop.turn(3)
                let begin = loop.time
                try loop.close()
                #expect(begin.duration(to: loop.time) < .milliseconds(900))
                #expect(held == nil)
            }
        }

        /// TASK-024: futures of another loop are refused.
        @Test(arguments: LoopKind.allCases)
        func combiners_refuseFuturesOfAnotherLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let other = try kind.make()
                let future = other.createFuture(of: Int.self)
                await expectLoopErrorLater(.wrongLoop) { try await loop.gather([future]).value }
                await expectLoopErrorLater(.wrongLoop) { try await loop.gather(future).value }
                await expectLoopErrorLater(.wrongLoop) { try await loop.gatherResults([future]).value }
                await expectLoopErrorLater(.wrongLoop) { try await loop.shield(future).value }
                await expectLoopErrorLater(.wrongLoop) { try await loop.wait([future]) }
                await expectLoopErrorLater(.wrongLoop) { try await loop.waitFor(future, timeout: .zero) }
                await expectLoopErrorLater(.wrongLoop) { for try await _ in loop.asCompleted([future]) {} }
                expectLoopError(.wrongLoop) { try loop.ensureFuture(future) }
                expectLoopError(.wrongLoop) { try loop.wrapFuture(future) }
                #expect(!future.isDone)
                try other.close()
            }
        }

        /// TASK-028.
        @Test(arguments: LoopKind.allCases)
        func shield_keepsTheInnerFuture_whenTheOuterIsCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let inner = loop.createFuture(of: Int.self)
                let outer = loop.shield(inner)
                #expect(outer.cancel())
                try await loop.sleep(for: .zero)
                #expect(!inner.isDone)
                let waiter = loop.createTask { try await loop.shield(inner).value }
                try await loop.sleep(for: .zero)
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                #expect(!inner.isDone)
                let second = loop.shield(inner)
                try inner.setResult(3)
                #expect(try await second.value == 3)
                #expect(loop.shield(inner) === inner)
            }
        }

        /// TASK-028: as in asyncio, which counts the error as retrieved.
        @Test(arguments: LoopKind.allCases)
        func shield_reportsNothing_whenTheInnerFutureFailsAsTheOuterIsCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, recorder in
                for cancelsFirst in [true, false] {
                    weak var dropped: Future<Int>?
                    do {
                        let inner = loop.createFuture(of: Int.self)
                        dropped = inner
                        let outer = loop.shield(inner)
                        if cancelsFirst { outer.cancel() }
                        try inner.setException(Mishap(number: 6))
                        outer.cancel()
                        #expect(outer.isCancelled)
                    }
                    for _ in 0..<3 { try await loop.sleep(for: .zero) }
                    #expect(dropped == nil)
                    #expect(recorder.contexts.isEmpty)
                }
            }
        }

        /// TASK-028.
        @Test(arguments: LoopKind.allCases)
        func shield_hasTheOutcomeOfTheInnerFuture(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let cancelled = loop.createFuture(of: Int.self)
                let first = loop.shield(cancelled)
                cancelled.cancel(message: "so be it")
                await #expect(throws: CancellationError.self) { try await first.value }
                #expect(first.isCancelled && first.cancelMessage == "so be it")
                await #expect(throws: Mishap(number: 5)) {
                    try await loop.shield { throw Mishap(number: 5) }.value
                }
                weak var dropped: Future<Int>?
                do {
                    let inner = loop.createFuture(of: Int.self)
                    let outer = loop.shield(inner)
                    dropped = inner
                    withExtendedLifetime(outer) {}
                }
                #expect(dropped == nil)
            }
        }
    }
}
