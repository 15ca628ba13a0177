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
            /// No call is lost, and the calls of each thread run in order.
            @Test func allCalls_run_whenEightThreadsMakeAHundredThousand() async throws {
                try await runLoop { loop, _ in
                    let calls = Calls(threads: 8)
                    for thread in 0..<8 {
                        _ = DetachedThread.start(name: "storm") {
                            for number in 0..<12_500 {
                                _ = try? loop.callSoonThreadsafe { calls.came(thread, number) }
                                // Pauses now and then, so that the loop may fall asleep.
                                if number % 1_000 == 999 { usleep(2_000) }
                            }
                        }
                    }
                    try await loop.eventually("all", within: .seconds(50)) { calls.count == 100_000 }
                    #expect(calls.outOfOrder == 0)
                }
            }

            /// The loop sleeps without a deadline, many times: a wake-up just before it sleeps must not be missed.
            @Test func loop_isWoken_fromASleepWithoutDeadline() async throws {
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

            /// The read of the wake-up descriptor ends with a transient error: it must be submitted again.
            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable, .canceled])
            func loop_isWoken_afterItsWakeUpReadFailed(_ errno: Errno) async throws {
                try await withLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: .read, .number(1))
                    plan.inject(.rewrite(errno), into: .read, .number(3))
                    // A timer, so that a missed wake-up is noticed as a late one.
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

            /// A loop that can no longer be woken ends its run with an error, instead of sleeping forever.
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

            /// A thread that keeps calling while the loop closes gets an error, and its wake-up does not reach another
            /// descriptor.
            @Test func calls_areRefused_onceTheLoopIsClosed() async throws {
                for _ in 0..<20 {
                    try await onThread {
                        let loop = try ProactorEventLoop()
                        let (started, ended) = (Gate(), Gate())
                        _ = DetachedThread.start(name: "caller") {
                            started.open()
                            do { while true { try loop.callSoonThreadsafe {} } } catch {
                                if (error as? EventLoopError)?.code == .closed { ended.open() }
                            }
                        }
                        started.wait()
                        try loop.turn()
                        try loop.close()
                        ended.wait()
                    }
                }
            }
        }
    }

    /// Counts calls, and calls that overtook an earlier call of the same thread.
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
