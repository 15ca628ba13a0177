import EventLoops
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct Waiting {
        /// TASK-033.
        @Test(arguments: LoopKind.allCases)
        func wait_returnsDoneFutures_andCancelsNone(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let futures = (0..<3).map { _ in loop.createFuture(of: Int.self) }
                loop.callLater(.milliseconds(1)) { try futures[1].setResult(1) }
                let first = try await loop.wait(futures + [futures[0]], returnWhen: .firstCompleted)
                #expect(first.done.elementsEqual([futures[1]], by: ===))
                #expect(first.pending.elementsEqual([futures[0], futures[2]], by: ===))
                let late = try await loop.wait(futures, timeout: .milliseconds(1))
                #expect(late.done.count == 1 && late.pending.count == 2)
                let now = try await loop.wait(futures, timeout: .zero)
                #expect(now.done.count == 1)
                loop.callSoon {
                    try futures[2].setResult(2)
                    try futures[0].setResult(0)
                }
                let all = try await loop.wait(futures)
                #expect(try all.done.map { try $0.result() } == [0, 1, 2])
                #expect(all.pending.isEmpty)
            }
        }

        /// TASK-033.
        @Test(arguments: LoopKind.allCases)
        func wait_endsAtTheFirstError_ifRequested(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let futures = (0..<4).map { _ in loop.createFuture(of: Int.self) }
                let waiter = loop.createTask { try await loop.wait(futures, returnWhen: .firstException) }
                try await loop.sleep(for: .zero)
                futures[0].cancel()
                try futures[1].setResult(1)
                for _ in 0..<3 { try await loop.sleep(for: .zero) }
                #expect(!waiter.isDone)
                try futures[2].setException(Mishap(number: 1))
                let (done, pending) = try await waiter.value
                #expect(done.count == 3)
                #expect(pending.elementsEqual([futures[3]], by: ===))
            }
        }

        /// TASK-033: cancelling the waiter does not cancel the futures.
        @Test(arguments: LoopKind.allCases)
        func cancelledWait_doesNotCancelTheFutures(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                let waiter = loop.createTask { try await loop.wait([future]) }
                try await loop.sleep(for: .zero)
                waiter.cancel()
                await #expect(throws: CancellationError.self) { _ = try await waiter.value }
                #expect(!future.isDone)
            }
        }

        /// TASK-034.
        @Test(arguments: LoopKind.allCases)
        func wait_throws_withoutFutures(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                await expectLoopErrorLater(.invalidArgument) { try await loop.wait([Future<Int>]()) }
            }
        }

        /// TASK-035.
        @Test(arguments: LoopKind.allCases)
        func asCompleted_returnsFutures_inOrderOfCompletion(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let futures = (0..<4).map { _ in loop.createFuture(of: Int.self) }
                try futures[3].setResult(3)
                loop.callLater(.milliseconds(1)) {
                    try futures[2].setException(Mishap(number: 2))
                    try futures[0].setResult(0)
                }
                loop.callLater(.milliseconds(2)) { futures[1].cancel() }
                var order: [Int] = []
                for try await future in loop.asCompleted(futures + [futures[0]], timeout: .seconds(3600)) {
                    #expect(future.isDone)
                    order.append(futures.firstIndex { $0 === future } ?? -1)
                }
                #expect(order == [3, 2, 0, 1])
                #expect(throws: Mishap(number: 2)) { try futures[2].result() }
                for try await _ in loop.asCompleted([Future<Int>]()) { Issue.record("there was none") }
            }
        }

        /// TASK-035.
        @Test(arguments: LoopKind.allCases)
        func asCompleted_throws_forFuturesNotDoneInTime(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let quick = loop.createFuture(of: Int.self)
                try quick.setResult(1)
                let slow = loop.createFuture(of: Int.self)
                var given = 0
                await expectLoopErrorLater(.timedOut) {
                    for try await _ in loop.asCompleted([slow, quick], timeout: .milliseconds(5)) { given += 1 }
                }
                #expect(given == 1)
                #expect(!slow.isDone)
            }
        }

        /// TASK-035: a cancelled `next()` consumes nothing.
        @Test(arguments: LoopKind.allCases)
        func asCompleted_losesNothing_whenNextIsCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                let completed = loop.asCompleted([future])
                let waiter = loop.createTask {
                    for try await _ in completed { Issue.record("the wait was cancelled first") }
                }
                try await loop.sleep(for: .zero)
                waiter.cancel()
                await #expect(throws: CancellationError.self) { try await waiter.value }
                try future.setResult(4)
                var results: [Int] = []
                for try await future in completed { results.append(try future.result()) }
                #expect(results == [4])
            }
        }
    }
}
