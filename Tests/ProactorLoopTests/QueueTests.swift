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
        /// The ring's two queues, too small on purpose.
        @Suite struct QueueTests {
            /// R7, R8, io_uring 15.6: 5,000 operations at once through 4 and 8 places.
            @Test func operations_allCompleteOnce_throughTheSmallestQueues() async throws {
                try await runLoop(.sizes(submissions: 4, completions: 8)) { loop, _ in
                    let counter = NopCounter()
                    counter.queue(5_000, on: loop)
                    try await loop.until("all") { counter.completions >= 5_000 }
                    try await loop.turns(5)
                    #expect(counter.completions == 5_000)
                    #expect(counter.failures == 0)
                }
            }

            /// R7: the same while the kernel takes nothing at every third call.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func operations_allCompleteOnce_whileTheKernelRefuses(_ errno: Errno) async throws {
                try await runLoop(.sizes(submissions: 4, completions: 8)) { loop, _ in
                    let plan = loop.planFaults()
                    for number in stride(from: 1, to: 3_000, by: 3) { plan.failEnter(with: errno, .number(number)) }
                    let counter = NopCounter()
                    for round in 1...20 {
                        counter.queue(100, on: loop)
                        try await loop.until("round \(round)") { counter.completions >= 100 * round }
                    }
                    #expect(counter.completions == 2_000)
                    #expect(counter.failures == 0)
                    #expect(plan.strikes > 10)
                }
            }

            /// R8, io_uring 15.6: callbacks submit while completions are walked, and both queues are too small.
            @Test func echoes_allComeBack_throughTheSmallestQueues() async throws {
                try await runLoop(.sizes(submissions: 4, completions: 8)) { loop, _ in
                    let service = try await Service.start(loop) { Echo() }
                    let peers = try (0..<200).map { _ in try service.connect() }
                    for round in 0..<5 {
                        for (number, peer) in peers.enumerated() {
                            try await peer.send(pattern(300, seed: round * 200 + number))
                        }
                        for (number, peer) in peers.enumerated() {
                            #expect(try await peer.receive(300) == pattern(300, seed: round * 200 + number))
                        }
                    }
                    try await service.end(closing: peers)
                }
            }

            /// R7, io_uring 15.7: whichever call the kernel answers with an error that passes, an echo goes on.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted, .timerExpired])
            func echo_goesOn_whenTheNthEnterFails(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    for number in 1...20 {
                        let plan = loop.planFaults()
                        plan.failEnter(with: errno, .number(number))
                        let service = try await Service.start(loop) { Echo() }
                        let peer = try service.connect()
                        for seed in 0..<8 {
                            #expect(
                                try await peer.exchange(pattern(64, seed: seed)) == pattern(64, seed: seed),
                                "call \(number)")
                        }
                        try await service.end(closing: [peer])
                        #expect(plan.strikes == 1, "call \(number) was never made")
                    }
                }
            }

            /// R7: for a while no call succeeds.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func echo_goesOn_whenManyEntersInARowFail(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    for seed in 0..<5 {
                        let plan = loop.planFaults()
                        for number in 1...30 { plan.failEnter(with: errno, .number(number)) }
                        #expect(try await peer.exchange(pattern(64, seed: seed)) == pattern(64, seed: seed))
                    }
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// As above, by a loop that looks for completions a while before it sleeps.
            @Test func spinningLoop_echoesAndSleeps_whateverTheKernelRefuses() async throws {
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
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    for seed in 0..<200 {
                        #expect(try await peer.exchange(pattern(64, seed: seed)) == pattern(64, seed: seed))
                    }
                    let start = loop.time
                    try await loop.sleep(for: .milliseconds(30))
                    #expect(start.duration(to: loop.time) >= .milliseconds(30))
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// io_uring 15.7: what coming again does not cure ends the run with an error that says so; the loop can be
            /// closed.
            @Test(arguments: [EBADR, ENXIO, EFAULT])
            func run_endsWithATypedError_whenTheRingIsBroken(_ number: Int32) async throws {
                try await withLoop { loop, _ in
                    let plan = loop.planFaults()
                    try loop.oneTurn()
                    plan.failEnter(with: Errno(rawValue: number), .number(1))
                    let counter = NopCounter()
                    counter.queue(1, on: loop)
                    let error = #expect(throws: EventLoopError.self) { try loop.runForever() }
                    #expect(error?.code == .system)
                    #expect(error?.errno == Errno(rawValue: number))
                    #expect(error?.detail.isEmpty == false)
                }
            }

            /// io_uring 16: a turn with nothing to ask and nothing to learn makes no system call.
            @Test func idleTurns_enterTheKernelNotAtAll() async throws {
                try await runLoop { loop, _ in
                    try await loop.turns(5)
                    let before = loop.driver.ring.enters
                    try await loop.turns(1_000)
                    #expect(loop.driver.ring.enters == before)
                }
            }

            /// R1: a completion that belongs to nothing is counted, and harms nobody.
            @Test func staleCompletion_isCountedAndDropped() async throws {
                try await onThread {
                    let loop = try ProactorEventLoop()
                    defer { try? loop.close() }
                    try loop.runUntilComplete {
                        loop.driver.ring.nop(tag: 7 << 32 | 3)
                        loop.driver.ring.nop(tag: 1 << 32 | 1_000_000)
                        try await loop.until("counted") { loop.driver.staleCompletions == 2 }
                        let (echo, _, peer) = try await pair(loop) { Echo() }
                        #expect(try await peer.exchange([1, 2, 3]) == [1, 2, 3])
                        peer.close()
                        try await loop.until("lost") { echo.losses.count == 1 }
                    }
                }
            }
        }
    }
#endif
