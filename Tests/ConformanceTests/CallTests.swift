import EventLoops
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    @Suite struct Calls {
        /// CALL-001.
        @Test(arguments: LoopKind.allCases)
        func callSoon_runsTheCallbackInALaterTurn_neverAtOnce(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                let argument = "argument"
                loop.callSoon {
                    loop.callSoon { log.append(argument) }
                    log.append("caller continues")
                }
                #expect(log.isEmpty)
                try loop.turn()
                #expect(log == ["caller continues"])
                try loop.turn()
                #expect(log == ["caller continues", "argument"])
            }
        }

        /// CALL-002, CALL-021.
        @Test(arguments: LoopKind.allCases)
        func callSoon_runsCallbacksInOrder_once(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                for number in 0..<2000 { loop.callSoon { log.append(number) } }
                try loop.turn(3)
                #expect(log == Array(0..<2000))
            }
        }

        /// CALL-002, CALL-011: callbacks, posted callbacks and tasks of one thread share one order, even before the
        /// first run.
        @Test(arguments: LoopKind.allCases)
        func scheduling_keepsOneOrder_beforeTheFirstRun(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var order: [String] = []
                nonisolated(unsafe) let note: (String) -> Void = { order.append($0) }
                loop.callSoon { note("1") }
                try loop.callSoonThreadsafe { note("2") }
                loop.callSoon { note("3") }
                loop.createTask { note("4") }
                loop.callSoon { note("5") }
                try loop.callSoonThreadsafe { note("6") }
                loop.createTask { note("7") }
                try loop.turn()
                #expect(order == ["1", "2", "3", "4", "5", "6", "7"])
            }
        }

        /// CALL-011.
        @Test(arguments: LoopKind.allCases)
        func callSoonThreadsafe_keepsTheOrderWithCallSoon_onTheLoopsThread(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var order: [Int] = []
                nonisolated(unsafe) let note: (Int) -> Void = { order.append($0) }
                loop.callSoon {
                    for number in 0..<100 {
                        if number % 3 == 0 {
                            loop.callSoon { note(number) }
                        } else {
                            try loop.callSoonThreadsafe { note(number) }
                        }
                    }
                }
                try loop.turn(2)
                #expect(order == Array(0..<100))
            }
        }

        /// CALL-003, CALL-004.
        @Test(arguments: LoopKind.allCases)
        func handle_neverRuns_onceItIsCancelled(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                let handles = (0..<5).map { number in loop.callSoon { log.append(number) } }
                #expect(handles.allSatisfy { !$0.isCancelled })
                handles[0].cancel()
                handles[3].cancel()
                #expect(handles.map(\.isCancelled) == [true, false, false, true, false])
                try loop.turn(2)
                #expect(log == [1, 2, 4])
            }
        }

        /// CALL-005, CALL-006.
        @Test(arguments: LoopKind.allCases)
        func cancel_hasNoEffect_afterTheHandleRan(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var count = 0
                let handle = loop.callSoon { count += 1 }
                try loop.turn()
                #expect(!handle.isCancelled)
                handle.cancel()
                handle.cancel()
                // As in asyncio, the handle reports that it was cancelled, although it had already run.
                #expect(handle.isCancelled)
                try loop.turn()
                #expect(count == 1)
            }
        }

        /// CALL-007.
        @Test(arguments: LoopKind.allCases)
        func handle_neverRuns_whenCancelledByAnEarlierCallbackOfTheTurn(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                var later: Handle?
                loop.callSoon {
                    log.append("first")
                    later?.cancel()
                }
                later = loop.callSoon { log.append("second") }
                loop.callSoon { log.append("third") }
                try loop.turn(2)
                #expect(log == ["first", "third"])
            }
        }

        /// CALL-008, TIMER-025.
        @Test(arguments: LoopKind.allCases)
        func handle_releasesItsCallback_afterRunningOrCancellation(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                func schedule(_ make: (@escaping () -> Void) -> Handle) -> (handle: Handle, isAlive: () -> Bool) {
                    let witness = Witness()
                    weak let held = witness
                    let handle = make { withExtendedLifetime(witness) {} }
                    return (handle, { held != nil })
                }
                let cancelled = [
                    schedule { loop.callSoon($0) }, schedule { loop.callLater(.zero, $0) },
                    schedule { loop.callLater(.seconds(3600), $0) },
                ]
                for (handle, isAlive) in cancelled {
                    #expect(isAlive())
                    handle.cancel()
                    #expect(!isAlive())
                }
                let run = [schedule { loop.callSoon($0) }, schedule { loop.callLater(.zero, $0) }]
                try loop.turn(2)
                for (handle, isAlive) in run {
                    #expect(!isAlive())
                    #expect(!handle.isCancelled)
                }
            }
        }

        /// CALL-009, TIMER-022.
        @Test(arguments: LoopKind.allCases)
        func errorOfACallback_reachesTheExceptionHandler(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, recorder in
                var log: [Int] = []
                let failing = [
                    loop.callSoon { throw Mishap(number: 0) },
                    loop.callLater(.zero) { throw Mishap(number: 1) },
                ]
                loop.callSoon { log.append(1) }
                loop.callLater(.zero) { log.append(2) }
                try loop.turn(2)
                #expect(log == [1, 2])
                let told = recorder.take()
                #expect(told.count == 2)
                for (index, context) in told.enumerated() {
                    #expect(context.message.hasPrefix("Exception in callback"))
                    #expect(context.error as? Mishap == Mishap(number: index))
                    #expect(context.handle === failing[index])
                }
            }
        }

        /// CALL-023.
        @Test(arguments: LoopKind.allCases)
        func callback_mayCallAnyMethodOfTheLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var live: [Handle] = []
                var scheduled = 0
                var ran = 0
                var random = SeededRandom(11)
                func act() {
                    ran += 1
                    guard scheduled < 20_000 else { return }
                    for _ in 0..<Int.random(in: 0...4, using: &random) {
                        scheduled += 1
                        switch Int.random(in: 0..<6, using: &random) {
                        case 0:
                            let delay = Duration.microseconds(Int.random(in: -9...9, using: &random))
                            live.append(loop.callLater(delay) { act() })
                        case 1: loop.callAt(loop.time) { act() }
                        case 2: loop.callSoon { act() }.cancel()
                        case 3: live.popLast()?.cancel()
                        default: live.append(loop.callSoon { act() })
                        }
                    }
                    if ran % 50 == 0 { loop.stop() }
                }
                while ran < 5000 {
                    loop.callSoon { act() }
                    try loop.turn()
                }
                for handle in live { handle.cancel() }
                let before = ran
                try loop.turn()
                #expect(ran - before <= 4000)
            }
        }

        /// CALL-022, CALL-024.
        @Test(arguments: LoopKind.allCases)
        func handle_staysAlive_untilItRan(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                weak let handle = loop.callSoon {}
                #expect(handle?.description == "<Handle>")
                try loop.turn()
                #expect(handle == nil)
                let cancelled = loop.callLater(.seconds(1)) {}
                cancelled.cancel()
                #expect(cancelled.description == "<TimerHandle cancelled>")
            }
        }

        /// CALL-019: callbacks have no task-local values, neither those of the scheduling task nor those of each other.
        ///
        /// Tasks inherit them.
        @Test(arguments: LoopKind.allCases)
        func callback_seesNoTaskLocals_ofTheSchedulingTask(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var seen: [String] = []
                Context.$name.withValue("scheduler") {
                    loop.callSoon { seen.append(Context.name) }
                    loop.callSoon { Context.$name.withValue("callback") { seen.append(Context.name) } }
                    loop.callSoon { seen.append(Context.name) }
                    let task = loop.createTask { seen.append(Context.name) }
                    #expect(!task.isDone)
                }
                for _ in 0..<3 { try await loop.sleep(for: .zero) }
                #expect(seen == ["none", "callback", "none", "scheduler"])
            }
        }
    }
}
