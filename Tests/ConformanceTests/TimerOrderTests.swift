import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct TimerOrder {
        /// TIMER-007.
        @Test(arguments: LoopKind.allCases)
        func timers_fireInOrderOfTheirTimes(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                let base = loop.time.advanced(by: .milliseconds(2))
                var random = SeededRandom(5)
                for number in (0..<300).shuffled(using: &random) {
                    loop.callAt(base.advanced(by: .microseconds(20 * number))) { log.append(number) }
                }
                try loop.run(for: .milliseconds(40))
                #expect(log == Array(0..<300))
            }
        }

        /// TIMER-008.
        @Test(arguments: LoopKind.allCases)
        func timers_fireInOrderOfCreation_ifTheirTimesAreEqual(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                let when = loop.time
                for number in 0..<500 { loop.callAt(when) { log.append(number) } }
                try loop.turn(2)
                #expect(log == Array(0..<500))
            }
        }

        /// TIMER-009.
        @Test(arguments: LoopKind.allCases)
        func timerWithoutDelay_firesInTheNextTurn_afterQueuedCallbacks(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                loop.callSoon {
                    loop.callLater(.zero) { log.append("timer") }
                    loop.callSoon { log.append("callback") }
                }
                try loop.turn()
                #expect(log.isEmpty)
                try loop.turn()
                #expect(log == ["callback", "timer"])
            }
        }

        /// TIMER-010.
        @Test(arguments: LoopKind.allCases)
        func timersWithNegativeDelays_fireAtOnce_inOrderOfTheirTimes(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                loop.callLater(.seconds(-1)) { log.append(-1) }
                loop.callLater(.seconds(-2)) { log.append(-2) }
                try loop.turn()
                #expect(log == [-2, -1])
            }
        }

        /// TIMER-015, LOOP-014.
        @Test(arguments: LoopKind.allCases)
        func dueTimers_fireAfterTheInputOfTheSameTurn(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let (near, far) = try Socket.pair()
                let (transport, tally) = try loop.runUntilComplete {
                    try await loop.createConnection(socket: near) { TallyProtocol() }
                }
                try loop.turn()
                var log: [String] = []
                tally.onData = {
                    log.append("input")
                    loop.stop()
                }
                loop.callSoon {
                    loop.callLater(.zero) { log.append("timer") }
                    try SocketCalls.sendByte(far.fileDescriptor)
                }
                try loop.runForever()
                #expect(log == ["input", "timer"])
                // Delivered in the turn that stopped, and not again in the next run.
                try loop.turn(3)
                #expect(tally.bytes == 1 && tally.deliveries == 1)
                transport.abort()
                far.close()
            }
        }

        /// TIMER-016.
        @Test(arguments: LoopKind.allCases)
        func timerWithoutDelay_firesInTheNextTurn_ifATimerAddsIt(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                loop.callLater(.zero) {
                    log.append("first")
                    loop.callLater(.zero) { log.append("second") }
                    loop.callSoon { log.append("callback") }
                }
                try loop.turn()
                #expect(log == ["first"])
                try loop.turn()
                #expect(log == ["first", "callback", "second"])
            }
        }

        /// TIMER-019.
        @Test(arguments: LoopKind.allCases)
        func wait_isShortened_byAnEarlierTimer(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [String] = []
                nonisolated(unsafe) let note: (String) -> Void = { log.append($0) }
                let late = loop.callLater(.seconds(60)) { note("late") }
                loop.callLater(.milliseconds(5)) {
                    note("first")
                    loop.callLater(.milliseconds(2)) { note("from a callback") }
                }
                let helper = HelperThread {
                    block(.milliseconds(40))
                    _ = try? loop.callSoonThreadsafe {
                        loop.callLater(.milliseconds(2)) {
                            note("from a thread")
                            loop.stop()
                        }
                    }
                }
                try loop.runForever()
                helper.join()
                late.cancel()
                #expect(log == ["first", "from a callback", "from a thread"])
            }
        }

        /// TIMER-023.
        @Test(arguments: LoopKind.allCases)
        func overdueTimers_fireInOrder_afterACallbackThatBlocked(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                var log: [Int] = []
                for number in [3, 1, 2] { loop.callLater(.milliseconds(number)) { log.append(number) } }
                loop.callSoon { block(.milliseconds(10)) }
                try loop.turn()
                #expect(log.isEmpty)
                try loop.turn()
                #expect(log == [1, 2, 3])
            }
        }

        /// TIMER-027.
        @Test(arguments: LoopKind.allCases)
        func sleep_suspendsForAtLeastTheDuration(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let began = loop.time
                try await loop.sleep(for: .milliseconds(12))
                #expect(began.duration(to: loop.time) >= .milliseconds(12))
            }
        }

        /// TIMER-027: callbacks that were queued earlier run first, and callbacks that those queue run later, exactly
        /// as in asyncio.
        @Test(arguments: LoopKind.allCases)
        func sleepOfZero_yieldsForOneTurn(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for delay in [Duration.zero, .seconds(-1)] {
                    var log: [String] = []
                    loop.callSoon {
                        log.append("queued")
                        loop.callSoon { log.append("queued by that") }
                    }
                    try await loop.sleep(for: delay)
                    #expect(log == ["queued"])
                    try await loop.sleep(for: delay)
                    #expect(log == ["queued", "queued by that"])
                }
            }
        }

        /// TIMER-027.
        @Test(arguments: LoopKind.allCases)
        func yieldingTasks_alternate_inOrderOfCreation(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var log: [String] = []
                let tasks = ["a", "b", "c"].map { name in
                    loop.createTask {
                        for step in 0..<3 {
                            log.append("\(name)\(step)")
                            try await loop.sleep(for: .zero)
                        }
                    }
                }
                for task in tasks { try await task.value }
                #expect(log == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"])
            }
        }

        /// TIMER-027.
        @Test(arguments: LoopKind.allCases)
        func sleep_endsAtOnce_whenItsTaskIsCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for delay in [Duration.zero, .seconds(3600)] {
                    let task = loop.createTask { try await loop.sleep(for: delay) }
                    try await loop.sleep(for: .zero)
                    task.cancel()
                    await #expect(throws: CancellationError.self) { try await task.value }
                    #expect(task.isCancelled)
                }
            }
        }
    }
}

extension SocketCalls {
    fileprivate static func sendByte(_ fd: Int32) throws {
        _ = try [UInt8(1)].withUnsafeBytes { try send(fd, $0) }
    }
}
