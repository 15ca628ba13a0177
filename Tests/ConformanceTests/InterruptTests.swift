import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// SIGINT during a run.
    ///
    /// Each test has a process of its own, in which SIGINT has its default action, as at a terminal.
    @Suite struct Interrupts {
        /// RUN-009: a main that returns nothing ends normally; one with a result is cancelled.
        @Test(arguments: LoopKind.allCases)
        func interrupt_cancelsMain(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    nonisolated(unsafe) var hasCleanedUp = false
                    try run(loopFactory: kind.make) { loop in
                        defer { hasCleanedUp = true }
                        loop.callSoon { raise(SIGINT) }
                        try await loop.sleep(for: .seconds(3600))
                    }
                    #expect(hasCleanedUp)
                    #expect(Disposition(of: SIGINT).isDefault)
                    #expect(throws: CancellationError.self) {
                        try run(loopFactory: kind.make) { loop -> Int in
                            loop.callSoon { raise(SIGINT) }
                            try await loop.sleep(for: .seconds(3600))
                            return 1
                        }
                    }
                    // A main that catches the cancellation continues.
                    let value = try run(loopFactory: kind.make) { loop -> Int in
                        loop.callSoon { raise(SIGINT) }
                        try? await loop.sleep(for: .seconds(3600))
                        return 2
                    }
                    #expect(value == 2)
                }
            }
        }

        /// RUN-009: sent by another process, while the loop sleeps.
        @Test(arguments: LoopKind.allCases)
        func interrupt_wakesASleepingLoop(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    let sleeps = Gate()
                    let sender = HelperThread {
                        sleeps.wait()
                        block(.milliseconds(5))
                        kill(getpid(), SIGINT)
                    }
                    try run(loopFactory: kind.make) { loop in
                        sleeps.open()
                        try await loop.sleep(for: .seconds(3600))
                    }
                    sender.join()
                }
            }
        }

        /// RUN-009: the loop is stuck and cannot react.
        @Test(arguments: LoopKind.allCases)
        func secondInterrupt_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGINT)) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    try run(loopFactory: kind.make) { loop in
                        raise(SIGINT)
                        try? await loop.sleep(for: .seconds(3600))
                        raise(SIGINT)
                        _exit(1)
                    }
                }
            }
        }

        /// RUN-009: each run of a runner starts counting again; between runs the signal has its default action.
        @Test(arguments: LoopKind.allCases)
        func interrupts_areCountedPerRun(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGINT)) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    setBlocked(SIGINT, false)
                    let runner = Runner(loopFactory: kind.make)
                    for _ in 0..<3 {
                        try runner.run { loop in
                            raise(SIGINT)
                            try await loop.sleep(for: .seconds(3600))
                        }
                    }
                    raise(SIGINT)
                    _exit(1)
                }
            }
        }

        /// RUN-009: an interrupt that arrives when main has just ended is not lost.
        @Test(arguments: LoopKind.allCases)
        func interruptAfterTheLastTurn_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGINT)) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    setBlocked(SIGINT, false)
                    let runner = Runner(loopFactory: kind.make)
                    try runner.run { loop in
                        let task = loop.currentTask()
                        // In the last turn, after that turn's signals were dispatched.
                        loop.createTask {
                            while task?.isDone == false { await Task.yield() }
                            raise(SIGINT)
                        }
                        try await loop.sleep(for: .milliseconds(1))
                    }
                    try runner.close()
                    _exit(1)
                }
            }
        }

        /// RUN-009: an interrupt is not lost if it arrives before the run fails to catch another signal.
        @Test(arguments: LoopKind.allCases)
        func interruptBeforeAFailedStart_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGINT)) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    setBlocked(SIGINT, false)
                    let loop = try RecordingLoop(kind)
                    var caught = 0
                    loop.driver.whenWakeDescriptorIsRead = {
                        caught += 1
                        // SIGINT is caught, and SIGKILL is about to be refused.
                        if caught == 2 { raise(SIGINT) }
                    }
                    let runner = Runner(signals: [SIGINT, SIGKILL], loopFactory: { loop })
                    #expect(throws: EventLoopError.self) { try runner.run { _ in } }
                    _exit(1)
                }
            }
        }

        /// RUN-009: if main is also cancelled in another way, the run throws.
        @Test(arguments: LoopKind.allCases)
        func interruptOfACancelledMain_isReported(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    _ = #expect(throws: CancellationError.self) {
                        try run(loopFactory: kind.make) { loop in
                            let main = loop.currentTask()
                            loop.callSoon {
                                raise(SIGINT)
                                main?.cancel(message: nil)
                            }
                            // Until both cancellations have arrived.
                            while main?.cancelling != 2 { await Task.yield() }
                            try await loop.sleep(for: .seconds(3600))
                        }
                    }
                }
            }
        }

        /// RUN-010: whether the program has a handler for the signal or ignores it.
        @Test(arguments: LoopKind.allCases)
        func interrupt_keepsTheProgramsDisposition(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await onThread {
                    setBlocked(SIGINT, false)
                    Disposition.setOwn(for: SIGINT) { _ in interruptsOfTheProgram.increment() }
                    let own = Disposition(of: SIGINT)
                    try run(loopFactory: kind.make) { loop in
                        #expect(Disposition(of: SIGINT) == own)
                        raise(SIGINT)
                        try await loop.sleep(for: .milliseconds(2))
                    }
                    #expect(interruptsOfTheProgram.value == 1)
                    #expect(Disposition(of: SIGINT) == own)
                    signal(SIGINT, SIG_IGN)
                    try run(loopFactory: kind.make) { loop in
                        raise(SIGINT)
                        try await loop.sleep(for: .milliseconds(2))
                    }
                    #expect(!Disposition(of: SIGINT).isDefault)
                }
            }
        }

        /// RUN-010: a handler or a sequence of the loop gets the signal, even if it was added during the run; after it
        /// is removed, SIGINT cancels main again.
        @Test(arguments: LoopKind.allCases)
        func interrupt_isDeliveredToTheLoopsHandler(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    nonisolated(unsafe) var told: [String] = []
                    try run(loopFactory: kind.make) { loop in
                        try loop.addSignalHandler(SIGINT) { told.append("handler") }
                        for count in 1...2 {
                            raise(SIGINT)
                            try await loop.eventually("both cancellations") { told.count == count }
                        }
                        try loop.removeSignalHandler(SIGINT)
                        do {
                            let signals = try loop.signals(SIGINT)
                            raise(SIGINT)
                            for try await _ in signals {
                                told.append("sequence")
                                if told.count == 4 { break }
                                raise(SIGINT)
                            }
                        }
                        // Only the run itself still watches the signal.
                        loop.callSoon { raise(SIGINT) }
                        try await loop.sleep(for: .seconds(3600))
                    }
                    #expect(told == ["handler", "handler", "sequence", "sequence"])
                }
            }
        }

        /// RUN-011: one interrupt cancels the runs of all threads, because a signal is sent to the process.
        @Test(arguments: LoopKind.allCases)
        func interrupt_cancelsTheRunsOfAllThreads(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    let (begun, ended) = (SharedCount(), SharedCount())
                    let threads = (0..<3).map { _ in
                        HelperThread {
                            #expect(throws: Never.self) {
                                try run(loopFactory: kind.make) { loop in
                                    begun.increment()
                                    try await loop.sleep(for: .seconds(3600))
                                }
                            }
                            ended.increment()
                        }
                    }
                    while begun.value < 3 { block(.milliseconds(1)) }
                    kill(getpid(), SIGINT)
                    for thread in threads { thread.join() }
                    #expect(ended.value == 3)
                    #expect(Disposition(of: SIGINT).isDefault)
                }
            }
        }
    }
}

private let interruptsOfTheProgram = SharedCount()
