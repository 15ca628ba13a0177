#if DEBUG
    import EventLoops
    import Glibc
    import Kernel
    import Proactor
    import ProactorTesting
    import TestSupport
    import Testing
    import Uring
    @testable import ProactorLoop

    extension RingLoop {
        /// STRESS-006 STRESS-007: submission and completion queues that are deliberately too small.
        @Suite struct QueueTests {
            /// 5,000 operations at once through queues of 4 and 8 entries: a full submission queue is submitted and
            /// retried, and overflowed completions are flushed.
            @Test func operations_allCompleteOnce_throughTheSmallestQueues() async throws {
                try await runLoop(.sizes(submissions: 4, completions: 8)) { loop, _ in
                    let counter = NopCounter()
                    counter.queue(5_000, on: loop)
                    try await loop.eventually("all") { counter.completions >= 5_000 }
                    try await loop.turns(5)
                    #expect(counter.completions == 5_000)
                    #expect(counter.failures == 0)
                }
            }

            /// As above, and the kernel refuses every third enter.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func operations_allCompleteOnce_whileTheKernelRefuses(_ errno: Errno) async throws {
                try await runLoop(.sizes(submissions: 4, completions: 8)) { loop, _ in
                    let plan = loop.planFaults()
                    for number in stride(from: 1, to: 3_000, by: 3) { plan.failEnter(with: errno, .number(number)) }
                    let counter = NopCounter()
                    for round in 1...20 {
                        counter.queue(100, on: loop)
                        try await loop.eventually("round \(round)") { counter.completions >= 100 * round }
                    }
                    #expect(counter.completions == 2_000)
                    #expect(counter.failures == 0)
                    #expect(plan.strikes > 10)
                }
            }

            /// Callbacks submit while completions are walked, and both queues are too small.
            @Test func echoes_allArrive_throughTheSmallestQueues() async throws {
                try await runLoop(.sizes(submissions: 4, completions: 8)) { loop, _ in
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let peers = try (0..<200).map { _ in try service.connect() }
                    for round in 0..<5 {
                        for (number, peer) in peers.enumerated() {
                            try await peer.send(Pattern.bytes(300, at: round * 200 + number))
                        }
                        for (number, peer) in peers.enumerated() {
                            #expect(try await peer.receive(300) == Pattern.bytes(300, at: round * 200 + number))
                        }
                    }
                    try await service.end(closing: peers)
                }
            }

            /// Whichever enter fails with a transient error, the entries stay queued and the echo continues.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted, .timerExpired])
            func echo_continues_whenTheNthEnterFails(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    for number in 1...20 {
                        let plan = loop.planFaults()
                        plan.failEnter(with: errno, .number(number))
                        let service = try await Service.start(loop) { EchoRecorder(loop) }
                        let peer = try service.connect()
                        for seed in 0..<8 {
                            #expect(
                                try await peer.exchange(Pattern.bytes(64, at: seed)) == Pattern.bytes(64, at: seed),
                                "call \(number)")
                        }
                        try await service.end(closing: [peer])
                        #expect(plan.strikes == 1, "call \(number) was never made")
                    }
                }
            }

            /// Every enter fails for some time.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func echo_continues_whenManyEntersInARowFail(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    for seed in 0..<5 {
                        let plan = loop.planFaults()
                        for number in 1...30 { plan.failEnter(with: errno, .number(number)) }
                        #expect(try await peer.exchange(Pattern.bytes(64, at: seed)) == Pattern.bytes(64, at: seed))
                    }
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// As above, with a loop that polls for completions before it sleeps.
            @Test func pollingLoop_echoesAndSleeps_whateverTheKernelRefuses() async throws {
                var configuration = ProactorConfiguration()
                configuration.spin = .microseconds(200)
                try await runLoop(configuration) { loop, _ in
                    let plan = loop.planFaults()
                    for number in stride(from: 1, to: 400, by: 7) {
                        plan.failEnter(with: .interrupted, .number(number))
                    }
                    for number in stride(from: 3, to: 400, by: 7) {
                        plan.failEnter(with: .resourceBusy, .number(number))
                    }
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    for seed in 0..<200 {
                        #expect(try await peer.exchange(Pattern.bytes(64, at: seed)) == Pattern.bytes(64, at: seed))
                    }
                    let start = loop.time
                    try await loop.sleep(for: .milliseconds(30))
                    #expect(start.duration(to: loop.time) >= .milliseconds(30))
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// An error that retrying cannot resolve ends the run with a typed error; the loop can still be closed.
            @Test(arguments: [EBADR, ENXIO, EFAULT])
            func run_endsWithATypedError_whenTheRingIsBroken(_ number: Int32) async throws {
                try await withLoop { loop, _ in
                    let plan = loop.planFaults()
                    try loop.turn()
                    plan.failEnter(with: Errno(rawValue: number), .number(1))
                    let counter = NopCounter()
                    counter.queue(1, on: loop)
                    let error = #expect(throws: EventLoopError.self) { try loop.runForever() }
                    #expect(error?.code == .system)
                    #expect(error?.errno == Errno(rawValue: number))
                    #expect(error?.detail.isEmpty == false)
                }
            }

            /// A turn with nothing to submit and nothing to reap makes no system call.
            @Test func idleTurns_makeNoSystemCall() async throws {
                try await runLoop { loop, _ in
                    try await loop.turns(5)
                    let before = loop.driver.ring.enters
                    try await loop.turns(1_000)
                    #expect(loop.driver.ring.enters == before)
                }
            }

            /// A completion that belongs to no operation is counted and otherwise ignored.
            @Test func staleCompletion_isCountedAndDropped() async throws {
                try await onThread {
                    let loop = try ProactorEventLoop()
                    defer { try? loop.close() }
                    try loop.runUntilComplete {
                        loop.driver.ring.nop(tag: 7 << 32 | 3)
                        loop.driver.ring.nop(tag: 1 << 32 | 1_000_000)
                        try await loop.eventually("counted") { loop.driver.staleCompletions == 2 }
                        let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                        #expect(try await peer.exchange([1, 2, 3]) == [1, 2, 3])
                        peer.close()
                        try await loop.eventually("lost") { echo.losses.count == 1 }
                    }
                }
            }
        }
    }
#endif
