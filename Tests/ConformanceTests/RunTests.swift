import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// `run`, a runner that is used once.
    @Suite struct Run {
        /// RUN-001, RUN-011: on a thread other than the main thread.
        @Test(arguments: LoopKind.allCases)
        func run_returnsTheValue_orThrowsTheError_andClosesTheLoop(_ kind: LoopKind) async throws {
            try await onThread {
                let before = OpenSockets.open()
                let (value, loop) = try run(loopFactory: kind.make) { loop in
                    try await loop.sleep(for: .milliseconds(1))
                    return (42, loop)
                }
                #expect(value == 42)
                #expect(loop.isClosed)
                nonisolated(unsafe) var failed: (any AbstractEventLoop)?
                #expect(throws: Mishap(number: 7)) {
                    try run(loopFactory: kind.make) { loop in
                        failed = loop
                        throw Mishap(number: 7)
                    }
                }
                #expect(failed?.isClosed == true)
                #expect(OpenSockets.left(since: before) == [], "descriptors left open")
            }
        }

        /// RUN-002.
        @Test(arguments: LoopKind.allCases)
        func run_isRefused_withinARunningLoop(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                try loop.runUntilComplete {
                    expectLoopError(.anotherLoopRunning) {
                        try run(loopFactory: {
                            Issue.record("a loop was made")
                            return try kind.make()
                        }) { _ in }
                    }
                }
                loop.callSoon {
                    expectLoopError(.anotherLoopRunning) { try run { _ in } }
                    loop.stop()
                }
                try loop.runForever()
            }
        }

        /// RUN-003: the run waits for their clean-up.
        @Test(arguments: LoopKind.allCases)
        func run_cancelsAndAwaitsRemainingTasks(_ kind: LoopKind) async throws {
            try await onThread {
                nonisolated(unsafe) var cleanedUp = 0
                try run(loopFactory: kind.make) { loop in
                    for _ in 0..<3 {
                        loop.createTask {
                            do { try await loop.sleep(for: .seconds(3600)) } catch {
                                await Task.yield()
                                cleanedUp += 1
                            }
                        }
                    }
                    try await loop.sleep(for: .zero)
                }
                #expect(cleanedUp == 3)
            }
        }

        /// RUN-003.
        @Test(arguments: LoopKind.allCases)
        func run_reportsTheErrorsOfRemainingTasks(_ kind: LoopKind) async throws {
            try await onThread {
                nonisolated(unsafe) let recorder = ExceptionRecorder()
                try run(loopFactory: kind.make) { loop in
                    recorder.attach(to: loop)
                    for number in 1...2 {
                        loop.createTask(name: "left-\(number)") {
                            do { try await loop.sleep(for: .seconds(3600)) } catch { throw Mishap(number: number) }
                        }
                    }
                    loop.createTask { try await loop.sleep(for: .seconds(3600)) }
                    // A timeout runs its code in a task that does not count as a separate task.
                    loop.createTask {
                        try await loop.withTimeout(.seconds(3600)) { _ in
                            do { try await loop.sleep(for: .seconds(3600)) } catch { throw Mishap(number: 3) }
                        }
                    }
                    try await loop.sleep(for: .milliseconds(1))
                }
                let contexts = recorder.take()
                #expect(contexts.allSatisfy { $0.message == "unhandled exception during run() shutdown" })
                #expect(contexts.compactMap { ($0.error as? Mishap)?.number }.sorted() == [1, 2, 3])
                let names = contexts.compactMap { ($0.task as? any LoopTaskProtocol)?.name }.sorted()
                #expect(names.filter { $0.hasPrefix("left-") } == ["left-1", "left-2"])
                #expect(names.count == 3)
            }
        }

        /// RUN-004: tasks end first, while everything else still works; then the sequences, the executor, and the
        /// loop.
        @Test(arguments: LoopKind.allCases)
        func shutdown_hasItsOrder(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await onThread {
                    nonisolated(unsafe) var order: [String] = []
                    try run(loopFactory: kind.make) { loop in
                        let signals = try loop.signals(SIGUSR2)
                        raise(SIGUSR2)
                        loop.createTask {
                            do { try await loop.sleep(for: .seconds(3600)) } catch {
                                for try await _ in signals {
                                    order.append("sequence")
                                    break
                                }
                                _ = loop.runInExecutor {
                                    block(.milliseconds(20))
                                    _ = try? loop.callSoonThreadsafe {
                                        // The shutdown of the executor waits for this job, while the loop still runs.
                                        order.append("job")
                                        let signals = try loop.signals(SIGUSR1)
                                        if Disposition(of: SIGUSR1).isDefault {
                                            order.append("the sequences have ended")
                                        }
                                        _ = signals
                                    }
                                    block(.milliseconds(20))
                                }
                                order.append("task")
                            }
                        }
                        try await loop.sleep(for: .milliseconds(1))
                        order.append("main")
                    }
                    #expect(order == ["main", "sequence", "task", "job", "the sequences have ended"])
                }
            }
        }

        /// RUN-005: nil leaves debug mode to the environment variable.
        @Test(arguments: LoopKind.allCases)
        func debugMode_isSet_unlessItIsNil(_ kind: LoopKind) async throws {
            try await onThread {
                for debug in [true, false] {
                    let isDebug = try run(debug: debug, loopFactory: kind.make) { $0.debug }
                    #expect(isDebug == debug)
                    let ofTheFactory = try run(
                        loopFactory: {
                            let loop = try kind.make()
                            loop.debug = debug
                            return loop
                        }, { $0.debug })
                    #expect(ofTheFactory == debug)
                }
            }
        }

        /// RUN-012.
        @Test(arguments: LoopKind.allCases)
        func run_makesALoopOfTheLibrary_byDefault(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                setenv("PROACTOR_BACKEND", kind == .proactor ? "io_uring" : kind.rawValue, 1)
                try await onThread {
                    let backend = try run { $0.backend.rawValue }
                    #expect(backend == (kind == .proactor ? "io_uring" : kind.rawValue))
                }
            }
        }

        /// Like `asyncio.run`, sets and clears the thread's current loop; with a factory, it does neither.
        @Test(arguments: LoopKind.allCases)
        func currentLoop_isSetDuringTheRun_andClearedAfterwards(_ kind: LoopKind) async throws {
            try await withLoop(kind) { own, _ in
                try restoringThePolicy {
                    let policy = RecordingPolicy(kind)
                    setEventLoopPolicy(policy)
                    setEventLoop(own)
                    try run(loopFactory: kind.make) { _ in #expect(policy.current === own) }
                    #expect(policy.current === own)
                    try run { loop in #expect(policy.current === loop) }
                    #expect(policy.current == nil)
                }
            }
        }
    }
}
