import EventLoops
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct FutureWaits {
        /// FUT-016.
        @Test(arguments: LoopKind.allCases)
        func value_suspendsUntilTheFutureIsDone(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                var log: [String] = []
                loop.callSoon {
                    log.append("sets")
                    try future.setResult(3)
                    log.append("has set")
                }
                let value = try await future.value
                #expect(value == 3)
                #expect(log == ["sets", "has set"])
            }
        }

        /// FUT-016.
        @Test(arguments: LoopKind.allCases)
        func value_doesNotSuspend_whenTheFutureIsDone(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let finished = loop.createFuture(of: Int.self)
                try finished.setResult(3)
                let failed = loop.createFuture(of: Int.self)
                try failed.setException(Mishap(number: 3))
                var hasTurned = false
                loop.callSoon { hasTurned = true }
                #expect(try await finished.value == 3)
                await #expect(throws: Mishap(number: 3)) { try await failed.value }
                #expect(!hasTurned)
            }
        }

        /// FUT-017.
        @Test(arguments: LoopKind.allCases)
        func value_isTheSameForAllWaiters(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let good = loop.createFuture(of: Int.self)
                let bad = loop.createFuture(of: Int.self)
                var order: [Int] = []
                let waiters = (0..<10).map { number in
                    loop.createTask {
                        let value = try await good.value
                        order.append(number)
                        return value
                    }
                }
                let losers = (0..<10).map { _ in loop.createTask { try await bad.value } }
                try await loop.sleep(for: .zero)
                try good.setResult(5)
                try bad.setException(Mishap(number: 5))
                for waiter in waiters { #expect(try await waiter.value == 5) }
                for loser in losers { await #expect(throws: Mishap(number: 5)) { try await loser.value } }
                #expect(order == Array(0..<10))
            }
        }

        /// FUT-018.
        @Test(arguments: LoopKind.allCases)
        func value_throws_forAFutureOfAnotherLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let other = try kind.make()
                let future = other.createFuture(of: Int.self)
                await expectLoopErrorLater(.wrongLoop) { try await future.value }
                #expect(!future.isDone)
                try other.close()
            }
        }

        /// FUT-030.
        @Test(arguments: LoopKind.allCases)
        func setResult_throws_onAnotherThread(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let future = loop.createFuture(of: Int.self)
                let isRunning = Gate()
                loop.callSoon { isRunning.open() }
                let helper = HelperThread {
                    isRunning.wait()
                    expectLoopError(.wrongThread) { try future.setResult(1) }
                    expectLoopError(.wrongThread) { try future.setException(Mishap()) }
                    #expect(!future.cancel())
                    _ = try? loop.callSoonThreadsafe { try future.setResult(2) }
                }
                let value = try loop.runUntilComplete(future)
                // `cancel` on the wrong thread cannot throw, so it was reported to the exception handler.
                #expect(recorder.take().count == 1)
                #expect(value == 2)
                helper.join()
            }
        }

        /// FUT-028, FUT-031.
        @Test(arguments: LoopKind.allCases)
        func futureOfAJob_staysCancelled_whenTheJobEndsLater(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let pool = ThreadPoolExecutor(maxWorkers: 1)
                let gate = Gate()
                let hasBegun = Gate()
                let unwanted = Gate()
                let running = loop.runInExecutor(pool) {
                    hasBegun.open()
                    gate.wait()
                }
                let waiting = loop.runInExecutor(pool) { unwanted.open() }
                while !hasBegun.isOpen { try await loop.sleep(for: .milliseconds(1)) }
                #expect(running.cancel())
                #expect(waiting.cancel())
                try await loop.sleep(for: .zero)
                gate.open()
                // The last job of the only thread: when it has run, the others have ended.
                try await loop.runInExecutor(pool) {}.value
                try await loop.sleep(for: .zero)
                #expect(running.isCancelled)
                #expect(waiting.isCancelled)
                #expect(!unwanted.isOpen, "a queued job was not dropped")
                pool.shutdown(wait: false)
            }
        }

        /// FUT-027.
        @Test(arguments: LoopKind.allCases)
        func futureOfAJob_getsTheResultOfTheJob(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let product = try await loop.runInExecutor { 6 * 7 }.value
                #expect(product == 42)
                await #expect(throws: Mishap(number: 6)) {
                    try await loop.runInExecutor { throw Mishap(number: 6) }.value
                }
            }
        }

        /// FUT-017, TASK-010.
        @Test(arguments: LoopKind.allCases)
        func cancellingAWaiter_cancelsTheFuture_andItsOtherWaiters(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                let waiters = (0..<3).map { _ in loop.createTask { try await future.value } }
                try await loop.sleep(for: .zero)
                waiters[1].cancel()
                for waiter in waiters { await #expect(throws: CancellationError.self) { try await waiter.value } }
                #expect(future.isCancelled)
                #expect(waiters.allSatisfy { $0.isCancelled })
            }
        }

        /// FUT-016: child tasks can wait, too, and are cancelled independently.
        @Test(arguments: LoopKind.allCases)
        func value_canBeAwaited_byChildTasks(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let first = loop.createFuture(of: Int.self)
                let second = loop.createFuture(of: Int.self)
                loop.callLater(.milliseconds(1)) { try first.setResult(1) }
                let sum = try await withThrowingTaskGroup(of: Int.self) { group in
                    group.addTask { try await first.value }
                    group.addTask { try await second.value }
                    let sum = try await group.next() ?? 0
                    group.cancelAll()
                    do { _ = try await group.next() } catch is CancellationError { return sum }
                    return -1
                }
                #expect(sum == 1)
                #expect(second.isCancelled)
            }
        }
    }
}
