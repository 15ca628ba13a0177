import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Signals as async sequences.
    ///
    /// Each test runs in a process of its own.
    ///
    /// asyncio has no such sequences.
    @Suite struct SignalSequences {
        @Test(arguments: LoopKind.allCases)
        func signals_areCaught_fromTheCreationOn_andMerged(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let signals = try loop.signals(SIGUSR2, SIGUSR1, SIGUSR1)
                    for signal in [SIGUSR2, SIGUSR1, SIGUSR2] { raise(signal) }
                    try await loop.sleep(for: .zero)
                    var iterator = signals.makeAsyncIterator()
                    #expect(try await iterator.next() == SIGUSR1, "not in the order of their numbers")
                    #expect(try await iterator.next() == SIGUSR2)
                    // A signal that arrives during the wait, from a thread unknown to the loop.
                    let sender = HelperThread {
                        block(.milliseconds(5))
                        kill(getpid(), SIGUSR1)
                    }
                    #expect(try await iterator.next() == SIGUSR1)
                    sender.join()
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func signal_reachesTheHandlerAndEachSequence(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    var count = 0
                    try loop.addSignalHandler(SIGUSR1) { count += 1 }
                    let one = try loop.signals(SIGUSR1)
                    let other = try loop.signals(SIGUSR1, SIGUSR2)
                    raise(SIGUSR1)
                    for signals in [one, other] {
                        for try await signal in signals {
                            #expect(signal == SIGUSR1)
                            break
                        }
                    }
                    try await loop.eventually("one signal") { count == 1 }
                    // The handler is removed, the sequences stay.
                    #expect(try loop.removeSignalHandler(SIGUSR1))
                    #expect(try loop.removeSignalHandler(SIGUSR1) == false)
                    raise(SIGUSR1)
                    var iterator = one.makeAsyncIterator()
                    #expect(try await iterator.next() == SIGUSR1)
                    #expect(count == 1)
                }
            }
        }

        /// Two iterators of one sequence: one of them gets the signal.
        @Test(arguments: LoopKind.allCases)
        func iterators_shareTheSignalsOfASequence(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let signals = try loop.signals(SIGUSR1, SIGUSR2)
                    var drawn: [Int32] = []
                    let tasks = (0..<2).map { _ in
                        loop.createTask {
                            for try await signal in signals {
                                drawn.append(signal)
                                break
                            }
                        }
                    }
                    try await loop.sleep(for: .milliseconds(1))
                    raise(SIGUSR2)
                    try await loop.eventually("a signal") { !drawn.isEmpty }
                    try await loop.sleep(for: .milliseconds(1))
                    #expect(drawn == [SIGUSR2])
                    raise(SIGUSR1)
                    for task in tasks { try await task.value }
                    #expect(drawn == [SIGUSR2, SIGUSR1])
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func disposition_isRestored_onceSequenceAndIteratorsAreReleased(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    var signals: SignalSequence? = try loop.signals(SIGUSR1, SIGUSR2)
                    var iterator = signals?.makeAsyncIterator()
                    signals = nil
                    try loop.turn()
                    #expect(!Disposition(of: SIGUSR1).isDefault, "the disposition was restored too early")
                    iterator = nil
                    _ = iterator
                    try loop.turn()
                    #expect(Disposition(of: SIGUSR1).isDefault)
                    #expect(Disposition(of: SIGUSR2).isDefault)
                    // The last reference may be released on any thread.
                    nonisolated(unsafe) var other: SignalSequence? = try loop.signals(SIGUSR1)
                    HelperThread { other = nil }.join()
                    _ = other
                    try loop.turn()
                    #expect(Disposition(of: SIGUSR1).isDefault)
                    // The loop retains nothing that a signal could reach.
                    var count = 0
                    try loop.addSignalHandler(SIGUSR1) { count += 1 }
                    raise(SIGUSR1)
                    try loop.turn(2)
                    #expect(count == 1)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func cancelledWait_losesNoSignal(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let signals = try loop.signals(SIGUSR1)
                    let task = loop.createTask {
                        for try await _ in signals { Issue.record("the wait was cancelled first") }
                    }
                    try await loop.sleep(for: .milliseconds(1))
                    task.cancel()
                    await #expect(throws: CancellationError.self) { try await task.value }
                    raise(SIGUSR1)
                    var iterator = signals.makeAsyncIterator()
                    #expect(try await iterator.next() == SIGUSR1)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func shutdown_finishesTheSequence_andRestoresTheDisposition(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let signals = try loop.signals(SIGUSR1)
                    var hasEnded = false
                    let task = loop.createTask {
                        for try await _ in signals {}
                        hasEnded = true
                    }
                    try await loop.sleep(for: .milliseconds(1))
                    try await loop.shutdownAsyncGenerators()
                    #expect(hasEnded)
                    #expect(Disposition(of: SIGUSR1).isDefault)
                    try await task.value
                    var iterator = signals.makeAsyncIterator()
                    #expect(try await iterator.next() == nil)
                    // A sequence that is created too late catches nothing.
                    var late = try loop.signals(SIGUSR1).makeAsyncIterator()
                    #expect(Disposition(of: SIGUSR1).isDefault)
                    #expect(try await late.next() == nil)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func refusedSequence_catchesNothing(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    expectLoopError(.system) { try loop.signals(SIGUSR2, SIGHUP, SIGKILL) }
                    expectLoopError(.invalidArgument) { try loop.signals(SIGHUP, 0) }
                    expectLoopError(.invalidArgument) { try loop.signals(SIGHUP, 33) }
                    #expect(Disposition(of: SIGHUP).isDefault)
                    #expect(Disposition(of: SIGUSR2).isDefault)
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func close_endsTheWait_andRestoresTheDisposition(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await withLoop(kind) { loop, _ in
                    let signals = try loop.signals(SIGUSR1)
                    let task = loop.createTask { for try await _ in signals {} }
                    try loop.turn(3)
                    try loop.close()
                    #expect(task.isCancelled)
                    #expect(Disposition(of: SIGUSR1).isDefault)
                }
            }
        }
    }
}
