import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Handlers of signals; each test in a process of its own, whose signals are its own.
    ///
    /// SIGNAL-007: none of them runs on the main thread, and all may add handlers.
    @Suite struct Signals {
        /// SIGNAL-001: a turn after the signal, on the loop's thread, in the order of other callbacks.
        @Test(arguments: LoopKind.allCases)
        func handler_isCalled_asAnOrdinaryCallback(_ kind: LoopKind) async {
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
                    #expect(told.first == "raised", "the handler ran inside of the signal")
                    #expect(told.sorted() == ["next", "raised", "signal"])
                    // One that comes while the loop does not run waits for it.
                    raise(SIGUSR1)
                    #expect(told.count == 3)
                    try loop.turn()
                    #expect(told.count == 4)
                }
            }
        }

        /// SIGNAL-001, SIGNAL-002: the signal ends the sleep, and the callback the run.
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
        func number_thatIsNoSignal_orCannotBeCaught_isAnError(_ kind: LoopKind) async throws {
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

        /// SIGNAL-005, SIGNAL-012: the program's own handler comes back as it was, with flags and mask; so does what
        /// the thread blocks.
        @Test(arguments: LoopKind.allCases)
        func removing_restoresWhatWasThere(_ kind: LoopKind) async {
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
                        #expect(blockedSignals() != blocked, "a blocked signal would not come")
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
        func removedHandler_isNotCalled_forWhatHasComeIn(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    try loop.addSignalHandler(SIGUSR1) { Issue.record("it was removed") }
                    raise(SIGUSR1)
                    try loop.removeSignalHandler(SIGUSR1)
                    try loop.addSignalHandler(SIGUSR1) { Issue.record("that one came for its predecessor") }
                    try loop.turn(2)
                }
            }
        }

        /// SIGNAL-006.
        @Test(arguments: LoopKind.allCases)
        func secondHandler_replacesTheFirst_andIsAllThatThereIs(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    var count = 0
                    try loop.addSignalHandler(SIGUSR1) { Issue.record("it was replaced") }
                    try loop.addSignalHandler(SIGUSR1) { count += 1 }
                    raise(SIGUSR1)
                    try loop.turn(2)
                    #expect(count == 1)
                    #expect(try loop.removeSignalHandler(SIGUSR1))
                    #expect(Disposition(of: SIGUSR1).isDefault)
                }
            }
        }

        /// SIGNAL-009: the first and the last number, too.
        @Test(arguments: LoopKind.allCases)
        func bursts_areMerged_butNoneIsMissedAtTheEnd(_ kind: LoopKind) async {
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

        /// SIGNAL-010: a read that a signal breaks off goes on.
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
        func handler_stays_afterItThrew(_ kind: LoopKind) async {
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
        func signals_ofAClosedLoop_areRefused(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try loop.close()
                expectLoopError(.closed) { try loop.addSignalHandler(SIGUSR1) {} }
                #expect(try !loop.removeSignalHandler(SIGUSR1))
                expectLoopError(.closed) { try loop.signals(SIGUSR1) }
            }
        }
    }
}
