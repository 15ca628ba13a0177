import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Signal handlers.
    ///
    /// Each test runs in a process of its own, because signals belong to the process.
    ///
    /// SIGNAL-007: no test runs on the main thread, and all of them can add handlers.
    @Suite struct Signals {
        /// SIGNAL-001: the handler runs in the turn after the signal, on the loop's thread, in the order of other
        /// callbacks.
        @Test(arguments: LoopKind.allCases)
        func handler_runsAsAnOrdinaryCallback(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    var told: [String] = []
                    try loop.addSignalHandler(SIGUSR1) {
                        #expect(loop.isRunning)
                        told.append("signal")
                    }
                    loop.callSoon {
                        raise(SIGUSR1)
                        told.append("raised")
                        loop.callSoon { told.append("next") }
                    }
                    try loop.turn(3)
                    #expect(told.first == "raised", "the handler ran within the signal handler")
                    #expect(told.sorted() == ["next", "raised", "signal"])
                    // A signal that arrives while the loop is idle is pending until the next run.
                    raise(SIGUSR1)
                    #expect(told.count == 3)
                    try loop.turn()
                    #expect(told.count == 4)
                }
            }
        }

        /// SIGNAL-001, SIGNAL-002: the signal ends the sleep, and the callback ends the run.
        @Test(arguments: LoopKind.allCases)
        func signal_wakesASleepingLoop_andMayStopIt(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    for _ in 0..<20 {
                        let hasCome = Gate()
                        try loop.addSignalHandler(SIGUSR1) {
                            hasCome.open()
                            loop.stop()
                        }
                        let sender = HelperThread {
                            block(.milliseconds(2))
                            kill(getpid(), SIGUSR1)
                        }
                        try loop.runForever()
                        #expect(hasCome.isOpen)
                        sender.join()
                    }
                }
            }
        }

        /// SIGNAL-003, SIGNAL-004.
        @Test(arguments: LoopKind.allCases)
        func invalidOrUncatchableSignal_isAnError(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                for signal in [0, -1, 65, .max, .min, 32, 33] as [Int32] {
                    expectLoopError(.invalidArgument) { try loop.addSignalHandler(signal) {} }
                    expectLoopError(.invalidArgument) { try loop.removeSignalHandler(signal) }
                    expectLoopError(.invalidArgument) { try loop.signals(signal) }
                }
                for signal in [SIGKILL, SIGSTOP] {
                    let error = #expect(throws: EventLoopError.self) { try loop.addSignalHandler(signal) {} }
                    #expect(error?.code == .system)
                    #expect(error?.detail == "Signal \(signal) cannot be caught")
                    expectLoopError(.system) { try loop.signals(signal) }
                    let wasThere = try loop.removeSignalHandler(signal)
                    #expect(!wasThere)
                }
            }
        }

        /// SIGNAL-005, SIGNAL-012: the program's own handler is restored with flags and mask; so is the thread's
        /// signal mask.
        @Test(arguments: LoopKind.allCases)
        func removeSignalHandler_restoresTheFormerDisposition(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    Disposition.setOwn(for: SIGUSR1) { _ in }
                    signal(SIGWINCH, SIG_IGN)
                    setBlocked(SIGUSR1, true)
                    setBlocked(SIGUSR2, true)
                    let signals = [SIGUSR1, SIGUSR2, SIGWINCH]
                    let before = signals.map { Disposition(of: $0) }
                    let blocked = blockedSignals()
                    for isClosed in [false, true] {
                        for signal in signals { try loop.addSignalHandler(signal) {} }
                        #expect(signals.map { Disposition(of: $0) } != before)
                        #expect(blockedSignals() != blocked, "the signal is blocked")
                        if isClosed {
                            try loop.close()
                        } else {
                            for signal in signals {
                                #expect(try loop.removeSignalHandler(signal))
                                #expect(try loop.removeSignalHandler(signal) == false)
                            }
                        }
                        #expect(signals.map { Disposition(of: $0) } == before)
                        #expect(blockedSignals() == blocked)
                    }
                }
            }
        }

        /// SIGNAL-005.
        @Test(arguments: LoopKind.allCases)
        func removedHandler_isNotCalled_forAPendingSignal(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    try loop.addSignalHandler(SIGUSR1) { Issue.record("a removed handler was called") }
                    raise(SIGUSR1)
                    try loop.removeSignalHandler(SIGUSR1)
                    try loop.addSignalHandler(SIGUSR1) {
                        Issue.record("the new handler got a signal for the removed one")
                    }
                    try loop.turn(2)
                }
            }
        }

        /// SIGNAL-006.
        @Test(arguments: LoopKind.allCases)
        func secondHandler_replacesTheFirst(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    var count = 0
                    try loop.addSignalHandler(SIGUSR1) { Issue.record("a replaced handler was called") }
                    try loop.addSignalHandler(SIGUSR1) { count += 1 }
                    raise(SIGUSR1)
                    try loop.turn(2)
                    #expect(count == 1)
                    #expect(try loop.removeSignalHandler(SIGUSR1))
                    #expect(Disposition(of: SIGUSR1).isDefault)
                }
            }
        }

        /// SIGNAL-009: also for the first and the last signal number.
        @Test(arguments: LoopKind.allCases)
        func bursts_areMerged_butTheLastSignalIsNotMissed(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    let isOver = Gate()
                    let signals = [SIGHUP, SIGUSR1, SIGUSR2, 64]
                    var counts: [Int32: Int] = [:]
                    var afterTheEnd: Set<Int32> = []
                    for signal in signals {
                        try loop.addSignalHandler(signal) {
                            counts[signal, default: 0] += 1
                            if isOver.isOpen { afterTheEnd.insert(signal) }
                        }
                    }
                    let sender = HelperThread {
                        for _ in 0..<500 { for signal in signals { kill(getpid(), signal) } }
                        isOver.open()
                        for signal in signals { kill(getpid(), signal) }
                    }
                    try loop.turn { afterTheEnd.count == signals.count }
                    sender.join()
                    #expect(counts.values.allSatisfy { $0 <= 501 })
                }
            }
        }

        /// SIGNAL-010: an interrupted read continues.
        @Test(arguments: LoopKind.allCases)
        func systemCalls_ofOtherThreads_areRestarted(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    var count = 0
                    try loop.addSignalHandler(SIGUSR1) { count += 1 }
                    var ends: [Int32] = [-1, -1]
                    try #require(pipe(&ends) == 0)
                    let (source, sink) = (ends[0], ends[1])
                    nonisolated(unsafe) var thread = pthread_self()
                    let isReading = Gate()
                    let result = Locked(Int.min)
                    let reader = HelperThread {
                        setBlocked(SIGUSR1, false)
                        thread = pthread_self()
                        isReading.open()
                        var byte: UInt8 = 0
                        result.value = read(source, &byte, 1)
                    }
                    isReading.wait()
                    for _ in 0..<20 {
                        block(.milliseconds(1))
                        pthread_kill(thread, SIGUSR1)
                        try loop.turn()
                    }
                    write(sink, "x", 1)
                    reader.join()
                    #expect(result.value == 1)
                    try loop.turn { count > 0 }
                    close(source)
                    close(sink)
                }
            }
        }

        /// SIGNAL-013.
        @Test(arguments: LoopKind.allCases)
        func handler_staysInstalled_afterItThrew(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, recorder in
                    var count = 0
                    try loop.addSignalHandler(SIGUSR1) {
                        count += 1
                        throw Mishap(number: count)
                    }
                    for number in 1...2 {
                        raise(SIGUSR1)
                        try loop.turn(2)
                        let contexts = recorder.take()
                        #expect(contexts.map { $0.error as? Mishap } == [Mishap(number: number)])
                        #expect(contexts.first?.handle != nil)
                    }
                }
            }
        }

        /// SIGNAL-014.
        @Test(arguments: LoopKind.allCases)
        func closedLoop_refusesSignalHandlers(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try loop.close()
                expectLoopError(.closed) { try loop.addSignalHandler(SIGUSR1) {} }
                #expect(try !loop.removeSignalHandler(SIGUSR1))
                expectLoopError(.closed) { try loop.signals(SIGUSR1) }
            }
        }
    }
}
