import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// `run` with several loops.
    @Suite struct RunGroups {
        @Test(arguments: LoopKind.allCases)
        func run_returnsTheValue_orThrowsTheError_andClosesAllLoops(_ kind: LoopKind) async throws {
            try await onThread {
                let before = OpenSockets.open()
                let thread = ThreadNames.current
                let ended = SharedCount()
                let (value, loops) = try run(loops: 3, loopFactory: kind.make) { group in
                    #expect(group.loops.count == 3)
                    let running = try getRunningLoop()
                    #expect(running === group.loops[0] && group.any === running)
                    #expect(ThreadNames.current == thread)
                    for loop in group.loops[1...] {
                        try loop.callSoonThreadsafe {
                            loop.createTask {
                                do { try await loop.sleep(for: .seconds(3600)) } catch { ended.increment() }
                            }
                        }
                    }
                    var sum = 0
                    for (number, loop) in group.loops.enumerated() {
                        sum += try await loop.runCoroutineThreadsafe {
                            try await loop.sleep(for: .milliseconds(1))
                            return number
                        }
                    }
                    return (sum, group.loops)
                }
                #expect(value == 3 && ended.value == 2)
                #expect(loops.allSatisfy { $0.isClosed })
                #expect(throws: Mishap(number: 7)) {
                    try run(loops: 2, loopFactory: kind.make) { _ in throw Mishap(number: 7) }
                }
                expectLoopError(.invalidArgument) { try run(loops: 0, loopFactory: kind.make) { _ in } }
                #expect(OpenSockets.left(since: before) == [], "descriptors left open")
            }
        }

        /// The other loops end while the first still runs, because their tasks may need it.
        @Test(arguments: LoopKind.allCases)
        func tasksOfOtherLoops_canUseTheFirst_whileTheyEnd(_ kind: LoopKind) async throws {
            try await onThread {
                let answered = SharedCount()
                try run(loops: 2, loopFactory: kind.make) { group in
                    let (first, other) = (group.loops[0], group.loops[1])
                    let begun = SharedCount()
                    try other.callSoonThreadsafe {
                        other.createTask {
                            begun.increment()
                            do { try await other.sleep(for: .seconds(3600)) } catch {
                                _ = try? first.callSoonThreadsafe { answered.increment() }
                            }
                        }
                    }
                    while begun.value == 0 { try await first.sleep(for: .milliseconds(1)) }
                }
                #expect(answered.value == 1)
            }
        }

        @Test func run_isRefused_withinARunningLoop() async throws {
            try await withLoop(LoopKind.allCases[0]) { loop, _ in
                try loop.runUntilComplete {
                    expectLoopError(.anotherLoopRunning) {
                        try run(
                            loops: 2,
                            loopFactory: {
                                Issue.record("a loop was made")
                                return try LoopKind.allCases[0].make()
                            }
                        ) { _ in }
                    }
                }
            }
        }

        @Test func pinnedRun_unpinsTheCallingThread() async throws {
            try await onThread {
                let all = allowedProcessors()
                let own = try run(loops: 2, pinned: true, loopFactory: LoopKind.epoll.make) { _ in allowedProcessors() }
                #expect(own == 1 && allowedProcessors() == all)
            }
        }

        /// Regression test: the calling thread got all processors of the process.
        @Test func pinnedRun_restoresTheProcessorsOfTheCallingThread() async throws {
            try await onThread {
                try ThreadAffinity.pin(toProcessor: 1)
                #expect(allowedProcessors() == 1)
                try run(loops: 2, pinned: true, loopFactory: LoopKind.epoll.make) { _ in }
                #expect(allowedProcessors() == 1)
            }
        }

        /// The servers of all loops end with the main task.
        @Test(arguments: LoopKind.allCases, [SIGINT, SIGTERM])
        func signal_cancelsTheMainTask_andTheGroupEndsInOrder(_ kind: LoopKind, number: Int32) async {
            await #expect(processExitsWith: .success) { [kind, number] in
                for signal in [SIGINT, SIGTERM] { Glibc.signal(signal, SIG_DFL) }
                try await onThread {
                    let before = OpenSockets.open()
                    let order = Locked<[String]>([])
                    try run(loops: 2, loopFactory: kind.make) { group in
                        let other = group.loops[1]
                        let server = try await group.createServer(host: "127.0.0.1", port: 0) { SharedRecord().make() }
                        let peer = try RawPeer.connect(try #require(server.port))
                        try await other.runCoroutineThreadsafe {
                            other.createTask {
                                do { try await other.sleep(for: .seconds(3600)) } catch {
                                    order.update { $0.append("other") }
                                }
                            }
                            try await other.sleep(for: .zero)
                        }
                        group.loops[0].callLater(.milliseconds(1)) { kill(getpid(), number) }
                        defer {
                            order.update { $0.append("main") }
                            peer.close()
                        }
                        try await server.serveForever()
                    }
                    #expect(order.value == ["main", "other"])
                    #expect(OpenSockets.left(since: before) == [])
                    #expect(Disposition(of: SIGINT).isDefault && Disposition(of: SIGTERM).isDefault)
                    #expect(throws: CancellationError.self) {
                        try run(loops: 2, loopFactory: kind.make) { group -> Int in
                            group.loops[0].callSoon { raise(number) }
                            try await group.loops[0].sleep(for: .seconds(3600))
                            return 1
                        }
                    }
                }
            }
        }
    }
}
