import EventLoops
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Callbacks that see the task-local values of the code that scheduled them.
    @Suite struct ContextTests {
        /// CALL-019, CALL-020: a context has the values from the time of the copy, for any number of callbacks; what a
        /// callback sets is not visible to any other.
        @Test(arguments: LoopKind.allCases)
        func callback_seesTheValuesOfItsContext(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var seen: [String] = []
                let (first, second) = (
                    Context.$name.withValue("first") { loop.copyContext() },
                    Context.$name.withValue("second") { loop.copyContext() }
                )
                for context in [first, second, first] {
                    loop.callSoon(context: context) {
                        seen.append(Context.name)
                        Context.$name.withValue("inside") { seen.append(Context.name) }
                    }
                }
                loop.callSoon { seen.append(Context.name) }
                try await loop.sleep(for: .zero)
                #expect(seen == ["first", "inside", "second", "inside", "first", "inside", "none"])
                #expect(Context.name == "none")
            }
        }

        /// CALL-019: a context can be copied outside any task, and by a callback that itself has a context.
        @Test(arguments: LoopKind.allCases)
        func context_canBeCopied_outsideOfTasks(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var seen: [String] = []
                let context = Context.$name.withValue("plain") { loop.copyContext() }
                loop.callSoon(context: context) {
                    let inner = loop.copyContext()
                    loop.callSoon(context: inner) { seen.append("inner \(Context.name)") }
                    loop.createTask { seen.append("task \(Context.name)") }
                }
                try loop.turn(3)
                #expect(seen == ["inner plain", "task plain"])
            }
        }

        /// TIMER-026.
        @Test(arguments: LoopKind.allCases)
        func timer_seesTheValuesOfItsContext(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var seen: [String] = []
                let context = Context.$name.withValue("timer") { loop.copyContext() }
                loop.callLater(.milliseconds(1), context: context) { seen.append(Context.name) }
                loop.callAt(loop.time, context: context) { seen.append(Context.name) }
                let cancelled = loop.callLater(.zero, context: context) { seen.append("cancelled") }
                cancelled.cancel()
                try await loop.sleep(for: .milliseconds(5))
                #expect(seen == ["timer", "timer"])
            }
        }

        /// FUT-024.
        @Test(arguments: LoopKind.allCases)
        func doneCallback_seesTheValuesOfItsContext(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var seen: [String] = []
                let future = loop.createFuture(of: Int.self)
                let context = Context.$name.withValue("adder") { loop.copyContext() }
                future.addDoneCallback(context: context) { seen.append("\(Context.name) \(try $0.result())") }
                try Context.$name.withValue("setter") { try future.setResult(7) }
                try await loop.sleep(for: .zero)
                #expect(seen == ["adder 7"])
            }
        }

        /// CALL-019: from a thread that is not the loop's.
        @Test(arguments: LoopKind.allCases)
        func context_carriesTheValues_ofAnotherThread(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var seen = ""
                nonisolated(unsafe) let write: (String) -> Void = { seen = $0 }
                let thread = HelperThread {
                    Context.$name.withValue("elsewhere") {
                        _ = try? loop.callSoonThreadsafe(context: loop.copyContext()) {
                            write(Context.name)
                            loop.stop()
                        }
                    }
                }
                try loop.runForever()
                thread.join()
                #expect(seen == "elsewhere")
            }
        }

        /// ERR-013: the exception handler sees the values of the callback.
        @Test(arguments: LoopKind.allCases)
        func exceptionHandler_seesTheValuesOfTheFailingCallback(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var seen: [String] = []
                let usual = loop.exceptionHandler
                loop.setExceptionHandler { seen.append("\($0.error as? Mishap == Mishap(number: 3)) \(Context.name)") }
                let context = Context.$name.withValue("failing") { loop.copyContext() }
                loop.callSoon(context: context) { throw Mishap(number: 3) }
                try await loop.sleep(for: .zero)
                loop.setExceptionHandler(usual)
                #expect(seen == ["true failing"])
            }
        }

        /// A context serves one callback at a time, and one loop.
        @Test(arguments: LoopKind.allCases)
        func context_ofAnotherLoop_isAnError(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                let other = try kind.make()
                loop.callSoon(context: other.copyContext()) { Issue.record("called in another loop's context") }
                try loop.turn(1)
                let codes = recorder.take().map { ($0.error as? EventLoopError)?.code }
                #expect(codes == [.invalidState])
                try other.close()
            }
        }

        /// Callbacks do not run in the task that copied the context; they run in no task.
        @Test(arguments: LoopKind.allCases)
        func callbackWithAContext_runsInNoTask(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let context = loop.copyContext()
                var isInTask: Bool?
                loop.callSoon(context: context) { isInTask = loop.currentTask() != nil }
                try await loop.sleep(for: .zero)
                #expect(isInTask == false)
                #expect(loop.currentTask() != nil)
            }
        }

        /// A context may outlive its loop, and may be released on any thread.
        @Test(arguments: LoopKind.allCases)
        func context_canBeReleased_atAnyTimeOnAnyThread(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                weak var witness: Bearer?
                var kept: TaskLocalContext?
                do {
                    let value = Bearer()
                    witness = value
                    let other = try kind.make()
                    kept = Holder.$value.withValue(value) { other.copyContext() }
                    let unused = Holder.$value.withValue(value) { other.copyContext() }
                    other.callSoon(context: unused) { #expect(Holder.value === value) }
                    try other.turn(2)
                    try other.close()
                }
                #expect(witness != nil)
                let last = kept
                kept = nil
                let thread = HelperThread { _ = last }
                thread.join()
                _ = consume last
                // The task that held the values ends on the thread that runs the jobs of closed loops.
                let deadline = loop.time.advanced(by: .seconds(10))
                while witness != nil, loop.time < deadline { block(.milliseconds(1)) }
                #expect(witness == nil)
            }
        }
    }
}

private enum Holder {
    @TaskLocal static var value: Bearer?
}

private final class Bearer: Sendable {}
