import EventLoops
import Glibc
import Kernel
import TestSupport
import Testing

@testable import Proactor

extension Conformance {
    /// Signals during a run in process 1 of a PID namespace, for which the kernel ignores default actions.
    @Suite(.enabled(if: InitProcess.isAvailable, "needs a PID namespace")) struct InitProcesses {
        /// RUN-009: of the same kind, and of another kind.
        @Test(arguments: LoopKind.allCases, [SIGINT, SIGTERM])
        func secondSignal_endsTheProcess(_ kind: LoopKind, second: Int32) async {
            await #expect(processExitsWith: .exitCode(128 + second)) { [kind, second] in
                InitProcess.exitLikeIt {
                    try run(loopFactory: kind.make) { loop in
                        loop.callSoon { raise(SIGINT) }
                        try? await loop.sleep(for: .seconds(3600))
                        loop.callSoon { raise(second) }
                        try? await loop.sleep(for: .seconds(3600))
                    }
                }
            }
        }

        /// RUN-009: a signal that arrives when main has just ended is not lost.
        @Test(arguments: LoopKind.allCases)
        func signalAfterTheLastTurn_endsTheProcess(_ kind: LoopKind) async {
            await #expect(processExitsWith: .exitCode(128 + SIGTERM)) { [kind] in
                InitProcess.exitLikeIt {
                    let runner = Runner(loopFactory: kind.make)
                    // After this turn's signals were dispatched, and too late to cancel main.
                    _ = try runner.run { _ in raise(SIGTERM) }
                    try runner.close()
                }
            }
        }

        /// RUN-009: one signal cancels main, and the process exits as it chooses.
        @Test(arguments: LoopKind.allCases)
        func oneSignal_cancelsMain(_ kind: LoopKind) async {
            await #expect(processExitsWith: .exitCode(3)) { [kind] in
                InitProcess.exitLikeIt {
                    try run(loopFactory: kind.make) { loop in
                        loop.callSoon { raise(SIGTERM) }
                        try await loop.sleep(for: .seconds(3600))
                    }
                    _exit(3)
                }
            }
        }
    }
}

/// The decision to end a process in the kernel's place.
@Suite struct DefaultActionTests {
    @Test func process_isEnded_onlyIfTheKernelIgnoresAFatalDefaultAction() {
        for signal in [SIGINT, SIGTERM, SIGUSR1, SIGHUP, 40] {
            #expect(DefaultAction.exitStatus(signal, isIgnoredByKernel: true, isDefault: true) == 128 + signal)
            #expect(DefaultAction.exitStatus(signal, isIgnoredByKernel: false, isDefault: true) == nil)
            #expect(DefaultAction.exitStatus(signal, isIgnoredByKernel: true, isDefault: false) == nil)
        }
        for signal in [SIGCHLD, SIGCONT, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH] {
            #expect(DefaultAction.exitStatus(signal, isIgnoredByKernel: true, isDefault: true) == nil)
        }
    }
}

/// A child process that is process 1 of a PID namespace of its own.
private enum InitProcess {
    /// Whether the system allows a new PID namespace.
    static let isAvailable: Bool = {
        let child = forkProcess()
        if child == 0 { _exit(separateProcessNumbers() ? 0 : 1) }
        return status(of: child) == 0
    }()

    /// Runs code in such a child, and exits with its status.
    static func exitLikeIt(_ body: () throws -> Void) -> Never {
        guard separateProcessNumbers() else { _exit(120) }
        let child = forkProcess()
        guard child == 0 else { _exit(status(of: child)) }
        guard getpid() == 1 else { _exit(121) }
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_DFL)
            setBlocked(number, false)
        }
        do { try body() } catch { _exit(122) }
        _exit(123)
    }

    private static func status(of child: pid_t) -> Int32 {
        var status: Int32 = -1
        guard waitpid(child, &status, 0) == child, status & 0x7F == 0 else { return 124 }
        return status >> 8 & 0xFF
    }
}
