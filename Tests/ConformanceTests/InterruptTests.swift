import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// SIGINT during a run; each test in a process of its own, in which it has its default action, as at a terminal.
    @Suite struct Interrupts {
        /// RUN-009: a main that returns nothing has ended well, one that should have returned something was cancelled.
        @Test(arguments: LoopKind.allCases)
        func interrupt_cancelsTheMainTask(_ kind: LoopKind) async {
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
                    // A main that takes it as a wish has its way.
                    let value = try run(loopFactory: kind.make) { loop -> Int in
                        loop.callSoon { raise(SIGINT) }
                        try? await loop.sleep(for: .seconds(3600))
                        return 2
                    }
                    #expect(value == 2)
                }
            }
        }

        /// RUN-009: from outside, while the loop sleeps.
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

        /// RUN-009: the loop is stuck, and cannot be asked.
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

        /// RUN-009: each run of a runner begins anew; between them the signal is the system's.
        @Test(arguments: LoopKind.allCases)
        func interrupts_areCounted_byRun(_ kind: LoopKind) async {
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

        /// RUN-009: one that comes as main has just ended is not swallowed.
        @Test(arguments: LoopKind.allCases)
        func interrupt_thatComesTooLateToBeTold_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGINT)) { [kind] in
                signal(SIGINT, SIG_DFL)
                try await onThread {
                    setBlocked(SIGINT, false)
                    let runner = Runner(loopFactory: kind.make)
                    try runner.run { loop in
                        let task = loop.currentTask()
                        // In the last turn, after the signals of that turn were told.
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

        /// RUN-009: if somebody else has cancelled main, too, it is not quiet.
        @Test(arguments: LoopKind.allCases)
        func interrupt_ofAMainThatOthersCancel_isTold(_ kind: LoopKind) async {
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
                            // Until both have come.
                            while main?.cancelling != 2 { await Task.yield() }
                            try await loop.sleep(for: .seconds(3600))
                        }
                    }
                }
            }
        }

        /// RUN-010: a handler of the program's own, and a signal that is ignored.
        @Test(arguments: LoopKind.allCases)
        func interrupt_isLeftAlone_whereTheProgramHasDecided(_ kind: LoopKind) async {
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

        /// RUN-010: so do a handler and a sequence of the loop, also such as come during the run; once they have gone,
        /// SIGINT cancels main again.
        @Test(arguments: LoopKind.allCases)
        func interrupt_goesToTheLoopsOwnHandler(_ kind: LoopKind) async {
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
                        // Nobody wants it any more but the run itself.
                        loop.callSoon { raise(SIGINT) }
                        try await loop.sleep(for: .seconds(3600))
                    }
                    #expect(told == ["handler", "handler", "sequence", "sequence"])
                }
            }
        }

        /// RUN-011: runs on several threads are all cancelled by one interrupt, for the signal is the process's.
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
