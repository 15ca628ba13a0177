import EventLoops
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct Futures {
        /// FUT-001.
        @Test(arguments: LoopKind.allCases)
        func newFuture_isPending_andBelongsToItsLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                #expect(!future.isDone)
                #expect(!future.isCancelled)
                #expect(future.loop === loop)
            }
        }

        /// FUT-002.
        @Test(arguments: LoopKind.allCases)
        func setResult_settlesAPendingFuture(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                try future.setResult(42)
                #expect(future.isDone)
                #expect(!future.isCancelled)
                #expect(try future.result() == 42)
                #expect(try future.exception() == nil)
            }
        }

        /// FUT-003.
        @Test(arguments: LoopKind.allCases)
        func setException_settlesAPendingFuture(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                try future.setException(Mishap(number: 1))
                #expect(future.isDone)
                #expect(!future.isCancelled)
                #expect(throws: Mishap(number: 1)) { try future.result() }
                #expect(try future.exception() as? Mishap == Mishap(number: 1))
            }
        }

        /// FUT-004.
        @Test(arguments: LoopKind.allCases)
        func resultAndException_throw_whilePending(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                expectLoopError(.invalidState) { try future.result() }
                expectLoopError(.invalidState) { try future.exception() }
            }
        }

        /// FUT-005, FUT-007.
        @Test(arguments: LoopKind.allCases)
        func outcome_isNeverReplaced(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                func expectFirm(_ future: Future<Int>) {
                    expectLoopError(.invalidState) { try future.setResult(2) }
                    expectLoopError(.invalidState) { try future.setException(Mishap(number: 2)) }
                    #expect(!future.cancel())
                }
                let finished = loop.createFuture(of: Int.self)
                try finished.setResult(1)
                expectFirm(finished)
                #expect(try finished.result() == 1)
                #expect(!finished.isCancelled)
                let failed = loop.createFuture(of: Int.self)
                try failed.setException(Mishap(number: 1))
                expectFirm(failed)
                #expect(throws: Mishap(number: 1)) { try failed.result() }
                let cancelled = loop.createFuture(of: Int.self)
                cancelled.cancel()
                expectFirm(cancelled)
                #expect(cancelled.isCancelled)
            }
        }

        /// FUT-006, FUT-008, FUT-009.
        @Test(arguments: LoopKind.allCases)
        func cancel_settlesAPendingFuture(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                #expect(future.cancel(message: "why not"))
                #expect(future.isCancelled && future.isDone)
                #expect(future.cancelMessage == "why not")
                for _ in 0..<2 {
                    #expect(throws: CancellationError.self) { try future.result() }
                    #expect(throws: CancellationError.self) { try future.exception() }
                    await #expect(throws: CancellationError.self) { try await future.value }
                }
            }
        }

        /// FUT-010, FUT-011, FUT-013.
        @Test(arguments: LoopKind.allCases)
        func doneCallbacks_areScheduledInOrder_onceTheFutureIsDone(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let settlings: [(Future<Int>) throws -> Void] = [
                    { try $0.setResult(1) }, { try $0.setException(Mishap()) }, { _ = $0.cancel() },
                ]
                for settle in settlings {
                    let future = loop.createFuture(of: Int.self)
                    var log: [String] = []
                    func note(_ name: String) -> (Future<Int>) -> Void {
                        { given in
                            #expect(given === future)
                            #expect(given.isDone)
                            log.append(name)
                        }
                    }
                    let twice = note("twice")
                    future.addDoneCallback(note("first"))
                    future.addDoneCallback(twice)
                    future.addDoneCallback(twice)
                    try loop.turn()
                    #expect(log.isEmpty)
                    try settle(future)
                    loop.callSoon { log.append("queued after") }
                    future.addDoneCallback(note("added late"))
                    #expect(log.isEmpty)
                    try loop.turn(2)
                    #expect(log == ["first", "twice", "twice", "queued after", "added late"])
                    _ = try? future.exception()
                }
            }
        }

        /// FUT-012.
        @Test(arguments: LoopKind.allCases)
        func removeDoneCallback_removesCallbacks_thatAreNotYetScheduled(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let future = loop.createFuture(of: Int.self)
                var log: [Int] = []
                let tokens = (0..<4).map { number in future.addDoneCallback { _ in log.append(number) } }
                #expect(Set(tokens).count == 4)
                #expect(future.removeDoneCallback(tokens[2]))
                #expect(!future.removeDoneCallback(tokens[2]))
                #expect(future.removeDoneCallback(tokens[0]))
                #expect(!future.removeDoneCallback(-1))
                try future.setResult(0)
                #expect(!future.removeDoneCallback(tokens[1]))
                try loop.turn()
                #expect(log == [1, 3])
            }
        }

        /// FUT-015.
        @Test(arguments: LoopKind.allCases)
        func errorOfADoneCallback_reachesTheExceptionHandler(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let future = loop.createFuture(of: Int.self)
                var log: [Int] = []
                future.addDoneCallback { _ in log.append(1) }
                future.addDoneCallback { _ in throw Mishap(number: 8) }
                future.addDoneCallback { _ in log.append(2) }
                try future.setResult(0)
                try loop.turn()
                #expect(log == [1, 2])
                let told = recorder.take()
                #expect(told.count == 1)
                #expect(told.first?.error as? Mishap == Mishap(number: 8))
                #expect(told.first?.handle != nil)
            }
        }

        /// FUT-019.
        @Test(arguments: LoopKind.allCases)
        func unretrievedError_isReported_onDeinit(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                do { try loop.createFuture(of: Int.self).setException(Mishap(number: 4)) }
                let told = recorder.take()
                #expect(told.map(\.message) == ["Future exception was never retrieved"])
                #expect(told.first?.error as? Mishap == Mishap(number: 4))
                let looks: [(Future<Int>) -> Void] = [
                    { _ = try? $0.result() }, { _ = try? $0.exception() },
                ]
                for look in looks {
                    let future = loop.createFuture(of: Int.self)
                    try future.setException(Mishap())
                    look(future)
                }
                #expect(recorder.contexts.isEmpty)
            }
        }

        /// FUT-023.
        @Test(arguments: LoopKind.allCases)
        func pendingFuture_isReleasedWithoutAReport(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                weak var dropped: Future<Int>?
                do {
                    let future = loop.createFuture(of: Int.self)
                    dropped = future
                    future.addDoneCallback { _ in Issue.record("a pending future was reported") }
                }
                #expect(dropped == nil)
                let cancelled = loop.createFuture(of: Int.self)
                cancelled.cancel()
                try loop.turn(2)
            }
        }

        /// FUT-032.
        @Test(arguments: LoopKind.allCases)
        func futures_doNotExhaustTheStack_inALongChain(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let futures = (0..<100_000).map { _ in loop.createFuture(of: Int.self) }
                for (index, future) in futures.dropLast().enumerated() {
                    let next = futures[index + 1]
                    future.addDoneCallback { try next.setResult(try $0.result() + 1) }
                }
                try futures[0].setResult(0)
                #expect(try loop.runUntilComplete(futures[99_999]) == 99_999)
            }
        }
    }
}
