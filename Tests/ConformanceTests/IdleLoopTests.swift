import EventLoops
import Glibc
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// An idle loop belongs to the thread that ran it last, or used it first.
    @Suite struct IdleLoops {
        /// LOOP-032: a loop may be made on one thread and run on another.
        @Test(arguments: LoopKind.allCases)
        func unusedLoop_belongsToItsFirstUser(_ kind: LoopKind) async throws {
            let loop = try kind.make()
            let recorder = ExceptionRecorder()
            recorder.attach(to: loop)
            #expect(loop.allTasks.isEmpty && loop.pendingOperations.isEmpty)
            let user = HelperThread {
                let ran = SharedCount()
                loop.callSoon { ran.increment() }
                // The thread that made the loop uses it only after another thread has claimed it.
                let maker = HelperThread { #expect(loop.callSoon {}.isCancelled) }
                maker.join()
                loop.callSoon { loop.stop() }
                #expect(throws: Never.self) {
                    try loop.runForever()
                    try loop.close()
                }
                #expect(ran.value == 1)
            }
            user.join()
            expectRefusals(recorder, count: 1)
        }

        /// DEBUG-006: refused calls are reported in the next run.
        @Test(arguments: LoopKind.allCases)
        func callsOfOtherThreads_areRefusedAndReported_whileTheLoopIsIdle(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                try loop.turn()
                let (each, threads) = (2000, 4)
                let refused = SharedCount()
                misuse(loop, threads, each, refused)
                #expect(refused.value == 2 * each * threads)
                #expect(recorder.contexts.isEmpty, "the handler was called on another thread")
                try loop.turn()
                expectRefusals(recorder, count: 2 * each * threads)
            }
        }

        /// DEBUG-006: if the loop is closed without another run, refused calls are reported while it closes.
        @Test(arguments: LoopKind.allCases)
        func callsOfOtherThreads_areReported_whenTheLoopClosesWithoutRunning(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                try loop.turn()
                misuse(loop, 2, 10, SharedCount())
                try loop.close()
                expectRefusals(recorder, count: 40)
            }
        }

        /// DEBUG-006: one thread runs the loop repeatedly; others call it between and during the runs.
        @Test(arguments: LoopKind.allCases)
        func callsOfOtherThreads_haveNoEffect_betweenAndDuringRuns(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                try loop.turn()
                let (refused, hasEnded) = (SharedCount(), Gate())
                let helper = HelperThread {
                    misuse(loop, 3, 2000, refused)
                    hasEnded.open()
                }
                var (own, ran) = (0, 0)
                while !hasEnded.isOpen {
                    loop.callSoon { ran += 1 }
                    loop.callLater(.zero) { ran += 1 }
                    loop.callLater(.seconds(3600)) {}.cancel()
                    own += 2
                    try loop.turn()
                }
                helper.join()
                try loop.turn(2)
                #expect(ran == own)
                #expect(refused.value == 12000)
                expectRefusals(recorder, count: 12000)
            }
        }

        /// FUT-030: methods that can throw report the misuse at once.
        @Test(arguments: LoopKind.allCases)
        func futuresAndTasksOfAnIdleLoop_refuseOtherThreads(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try loop.turn()
                let future: Future<Int> = loop.createFuture()
                let helper = HelperThread {
                    expectLoopError(.wrongThread) { try future.setResult(1) }
                    expectLoopError(.wrongThread) { try future.result() }
                    expectLoopError(.wrongThread) { try loop.addSignalHandler(SIGUSR1) {} }
                    _ = try? loop.callSoonThreadsafe { try future.setResult(2) }
                }
                helper.join()
                let value = try loop.runUntilComplete(future)
                #expect(value == 2)
            }
        }

        /// LOOP-032: several threads start to run a loop at the same moment; the refused ones have no effect.
        @Test(arguments: LoopKind.allCases)
        func simultaneousRuns_areSequentialOrRefused(_ kind: LoopKind) async throws {
            try await onThread {
                for _ in 0..<40 {
                    let (begun, ended) = (SharedCount(), SharedCount())
                    try together(kind) { loop, _ in
                        for _ in 0..<20 {
                            try orRefused(.wrongThread) {
                                try loop.runUntilComplete {
                                    begun.increment()
                                    try await loop.sleep(for: .zero)
                                }
                                ended.increment()
                            }
                        }
                    }
                    #expect(begun.value > 0)
                    #expect(ended.value == begun.value)
                }
            }
        }

        /// LOOP-032: as above, with threads that close the loop.
        @Test(arguments: LoopKind.allCases)
        func simultaneousRunAndClose_doNotOverlap(_ kind: LoopKind) async throws {
            try await onThread {
                for _ in 0..<60 {
                    try together(kind) { loop, number in
                        if number == 0 {
                            try orRefused(.wrongThread, .closed) {
                                try loop.runUntilComplete { try await loop.sleep(for: .zero) }
                            }
                        } else {
                            try orRefused(.wrongThread, .running) { try loop.close() }
                        }
                    }
                }
            }
        }

        /// Runs the body on three threads that start at the same moment.
        ///
        /// When all have ended, the loop can be closed.
        private func together(
            _ kind: LoopKind, _ body: @escaping @Sendable (any AbstractEventLoop, Int) throws -> Void
        ) throws {
            let before = OpenSockets.open()
            let loop = try kind.make()
            let (gate, ended) = (Gate(), SharedCount())
            let helpers = (0..<3).map { number in
                HelperThread {
                    while !gate.isOpen { sched_yield() }
                    do { try body(loop, number) } catch { Issue.record("\(error)") }
                    ended.increment()
                    while ended.value < 3 { sched_yield() }
                    // Only the thread that ran a ring can close it.
                    do { try orRefused(.wrongThread) { try loop.close() } } catch { Issue.record("\(error)") }
                }
            }
            gate.open()
            for helper in helpers { helper.join() }
            #expect(loop.isClosed)
            #expect(OpenSockets.left(since: before) == [])
        }

        private func orRefused(_ codes: EventLoopError.Code..., body: () throws -> Void) throws {
            do { try body() } catch let error as EventLoopError where codes.contains(error.code) {}
        }

        /// Makes calls on several threads, all of which must be refused.
        private func misuse(_ loop: any AbstractEventLoop, _ threads: Int, _ each: Int, _ refused: SharedCount) {
            let helpers = (0..<threads).map { _ in
                HelperThread {
                    for _ in 0..<each {
                        if loop.callSoon({ Issue.record("it ran") }).isCancelled { refused.increment() }
                        let timer = loop.callLater(.zero) { Issue.record("it ran") }
                        if timer.isCancelled { refused.increment() }
                        timer.cancel()
                    }
                }
            }
            for helper in helpers { helper.join() }
        }

        private func expectRefusals(_ recorder: ExceptionRecorder, count: Int) {
            let told = recorder.take().map { ($0.error as? EventLoopError)?.code }
            #expect(told.count == count)
            #expect(told.allSatisfy { $0 == .wrongThread })
        }
    }
}
