import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// The signals that end a run; each test has a process of its own, in which they have their default actions.
    @Suite struct Terminations {
        /// As after SIGINT, a main that returns nothing ends normally, and the process chooses its exit status.
        @Test(arguments: LoopKind.allCases, [SIGINT, SIGTERM])
        func signal_cancelsTheMainTask_andTheRunClosesInOrder(_ kind: LoopKind, number: Int32) async {
            await #expect(processExitsWith: .success) { [kind, number] in
                for signal in [SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
                try await onThread {
                    let before = OpenSockets.open()
                    nonisolated(unsafe) var order: [String] = []
                    try run(loopFactory: kind.make) { loop in
                        let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                        loop.createTask {
                            do { try await loop.sleep(for: .seconds(3600)) } catch { order.append("task") }
                        }
                        loop.callLater(.milliseconds(1)) { kill(getpid(), number) }
                        defer { order.append("main") }
                        try await server.serveForever()
                    }
                    #expect(order == ["main", "task"])
                    #expect(OpenSockets.left(since: before) == [])
                    #expect(Disposition(of: SIGINT).isDefault && Disposition(of: SIGTERM).isDefault)
                    #expect(throws: CancellationError.self) {
                        try run(loopFactory: kind.make) { loop -> Int in
                            loop.callSoon { raise(number) }
                            try await loop.sleep(for: .seconds(3600))
                            return 1
                        }
                    }
                }
            }
        }

        /// The loop is stuck, and cannot run anything.
        @Test(arguments: LoopKind.allCases)
        func secondSIGTERM_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGTERM)) { [kind] in
                signal(SIGTERM, SIG_DFL)
                try await onThread {
                    try run(loopFactory: kind.make) { _ in
                        raise(SIGTERM)
                        raise(SIGTERM)
                        _exit(1)
                    }
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func secondSignal_ofAnotherKind_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGINT)) { [kind] in
                for signal in [SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
                try await onThread {
                    setBlocked(SIGINT, false)
                    try run(loopFactory: kind.make) { loop in
                        raise(SIGTERM)
                        try? await loop.sleep(for: .seconds(3600))
                        // The loop has noticed the first: the other signal has its default action again.
                        #expect(Disposition(of: SIGINT).isDefault)
                        raise(SIGINT)
                        _exit(1)
                    }
                }
            }
        }

        /// Both arrive before the loop checks for signals.
        @Test(arguments: LoopKind.allCases)
        func twoSignals_ofDifferentKinds_atOnce_endTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGTERM)) { [kind] in
                for signal in [SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
                try await onThread {
                    for signal in [SIGINT, SIGTERM] { setBlocked(signal, false) }
                    try run(loopFactory: kind.make) { loop in
                        raise(SIGTERM)
                        raise(SIGINT)
                        try? await loop.sleep(for: .seconds(3600))
                        try? await loop.sleep(for: .milliseconds(5))
                        _exit(1)
                    }
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func signals_thatAreNotChosen_areLeftAlone(_ kind: LoopKind) async {
            await #expect(processExitsWith: .signal(SIGTERM)) { [kind] in
                for signal in [SIGINT, SIGTERM, SIGHUP] { Glibc.signal(signal, SIG_DFL) }
                try await onThread {
                    try run(signals: [], loopFactory: kind.make) { _ in
                        #expect(Disposition(of: SIGINT).isDefault && Disposition(of: SIGTERM).isDefault)
                    }
                    setBlocked(SIGTERM, false)
                    let runner = Runner(signals: [SIGHUP], loopFactory: kind.make)
                    try runner.run { loop in
                        raise(SIGHUP)
                        try await loop.sleep(for: .seconds(3600))
                    }
                    try runner.run { _ in _ = raise(SIGTERM) }
                    _exit(1)
                }
            }
        }

        /// Nothing is caught if one of them cannot be.
        @Test(arguments: LoopKind.allCases)
        func signals_thatCannotBeCaught_areRefused(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                for signal in [SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
                try await onThread {
                    for (number, code) in [(SIGKILL, EventLoopError.Code.system), (0, .invalidArgument)] {
                        expectLoopError(code) {
                            try run(signals: [SIGINT, SIGTERM, number], loopFactory: kind.make) { _ -> Void in
                                Issue.record("main ran")
                            }
                        }
                        #expect(Disposition(of: SIGINT).isDefault && Disposition(of: SIGTERM).isDefault)
                    }
                }
            }
        }

        /// A handler or a sequence of the loop takes precedence, as for SIGINT.
        @Test(arguments: LoopKind.allCases)
        func handlerOfTheProgram_isCalledInstead(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                signal(SIGTERM, SIG_DFL)
                try await onThread {
                    let value = try run(loopFactory: kind.make) { loop -> Int in
                        var told = 0
                        try loop.addSignalHandler(SIGTERM) { told += 1 }
                        raise(SIGTERM)
                        try await loop.eventually("the handler is called") { told == 1 }
                        return told
                    }
                    #expect(value == 1)
                }
            }
        }
    }
}
