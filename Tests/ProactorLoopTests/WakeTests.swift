#if DEBUG
    import EventLoops
    import Glibc
    import Kernel
    import Proactor
    import ProactorTesting
    import Synchronization
    import TestSupport
    import Testing
    import Uring

    extension RingLoop {
        @Suite struct WakeTests {
            /// io_uring 16: none is lost, and each thread's come in its order.
            @Test func allCalls_areMade_whenEightThreadsMakeAHundredThousand() async throws {
                try await runLoop { loop, _ in
                    let calls = Calls(threads: 8)
                    for thread in 0..<8 {
                        _ = DetachedThread.start(name: "storm") {
                            for number in 0..<12_500 {
                                _ = try? loop.callSoonThreadsafe { calls.came(thread, number) }
                                // Now and then the loop gets the chance to fall asleep.
                                if number % 1_000 == 999 { usleep(2_000) }
                            }
                        }
                    }
                    try await loop.until("all", within: .seconds(50)) { calls.count == 100_000 }
                    #expect(calls.outOfOrder == 0)
                }
            }

            /// Asleep without a deadline, again and again: whoever wakes the loop just before it sleeps must not be
            /// missed.
            @Test func loop_isWoken_fromASleepWithoutEnd() async throws {
                try await withLoop { loop, _ in
                    let calls = Calls(threads: 1)
                    _ = DetachedThread.start(name: "waker") {
                        for number in 0..<3_000 {
                            let before = calls.seen
                            _ = try? loop.callSoonThreadsafe { calls.came(0, number) }
                            while calls.seen == before { sched_yield() }
                        }
                        _ = try? loop.callSoonThreadsafe { loop.stop() }
                    }
                    try loop.runForever()
                    #expect(calls.count == 3_000)
                }
            }

            /// R6: the read behind the wake-up ends for a reason that passes: the loop does not go deaf.
            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable, .canceled])
            func loop_isWoken_afterTheReadBehindItFailed(_ errno: Errno) async throws {
                try await withLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: .read, .number(1))
                    plan.inject(.rewrite(errno), into: .read, .number(3))
                    // A timer, so that a deaf loop shows as a late one.
                    _ = loop.callLater(.seconds(10)) { loop.stop() }
                    let calls = Calls(threads: 1)
                    _ = DetachedThread.start(name: "waker") {
                        for number in 0..<10 {
                            usleep(5_000)
                            _ = try? loop.callSoonThreadsafe {
                                calls.came(0, number)
                                if number == 9 { loop.stop() }
                            }
                        }
                    }
                    let start = loop.time
                    try loop.runForever()
                    #expect(calls.count == 10)
                    #expect(start.duration(to: loop.time) < .seconds(8))
                    #expect(plan.strikes == 2)
                }
            }

            /// io_uring 15.7: a loop that cannot be woken any more says so, instead of sleeping for ever.
            @Test(arguments: [Errno.badFileDescriptor, .ioError]) func loop_endsWithATypedError_whenItCannotBeWoken(
                _ errno: Errno
            ) async throws {
                try await withLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: .read, .number(1))
                    let error = #expect(throws: EventLoopError.self) { try loop.runForever() }
                    #expect(error?.code == .system)
                    #expect(error?.errno == errno)
                    try loop.close()
                }
            }

            /// A thread that still calls while the loop closes gets an error, and no other descriptor gets its wake-up.
            @Test func calls_areRefused_onceTheLoopIsClosed() async throws {
                for _ in 0..<20 {
                    try await onThread {
                        let loop = try ProactorEventLoop()
                        let (started, ended) = (Flag(), Flag())
                        _ = DetachedThread.start(name: "caller") {
                            started.raise()
                            do { while true { try loop.callSoonThreadsafe {} } } catch {
                                if (error as? EventLoopError)?.code == .closed { ended.raise() }
                            }
                        }
                        started.wait()
                        try loop.oneTurn()
                        try loop.close()
                        ended.wait()
                    }
                }
            }
        }
    }

    /// Counts calls, and those that came before an earlier one of their thread.
    private final class Calls: Sendable {
        private let state: Mutex<(next: [Int], outOfOrder: Int)>
        private let total = Atomic(0)

        init(threads: Int) {
            state = Mutex(([Int](repeating: 0, count: threads), 0))
        }

        func came(_ thread: Int, _ number: Int) {
            state.withLock { state in
                if state.next[thread] != number { state.outOfOrder += 1 }
                state.next[thread] = number + 1
            }
            total.add(1, ordering: .sequentiallyConsistent)
        }

        var seen: Int {
            total.load(ordering: .sequentiallyConsistent)
        }

        var count: Int {
            seen
        }

        var outOfOrder: Int {
            state.withLock { $0.outOfOrder }
        }
    }
#endif
