#if DEBUG
    import EventLoops
    import Kernel
    import Proactor
    import ProactorLoop
    import ProactorTesting
    import Testing
    import Uring

    /// Loops that are refused: by their sizes before the kernel is asked, which is shown where io_uring is denied, too.
    @Suite struct RefusalTests {
        /// What must stand in the error for the one who runs the program.
        @Test(
            .needsRing,
            arguments: [
                (Errno.notPermitted, "seccomp"), (.noFunction, "Linux 6.1"), (.noMemory, "RLIMIT_MEMLOCK"),
                (.tooManyOpenFiles, "RLIMIT_NOFILE"), (.tooManyOpenFilesInSystem, "fs.file-max"),
                (.permissionDenied, "policy"),
                (.invalidArgument, "Linux 6.1"),
            ])
        func loop_isRefusedWithTheRemedy_whenTheKernelDeniesTheRing(_ errno: Errno, _ remedy: String) throws {
            var configuration = ProactorConfiguration()
            configuration.pretence.refusal = errno
            let error = #expect(throws: EventLoopError.self) { try ProactorEventLoop(configuration: configuration) }
            #expect(error?.code == .system)
            #expect(error?.errno == errno)
            #expect(error?.operation == "io_uring_setup")
            #expect(error?.detail.contains(remedy) == true, "\(error?.detail ?? "")")
        }

        @Test func sizesThatCannotBe_areRefusedByName() {
            let sizes: [(ProactorConfiguration, String)] = [
                (.sizes(buffers: 0), "receiveBufferCount"), (.sizes(buffers: 1), "receiveBufferCount"),
                (.sizes(buffers: 3), "receiveBufferCount"), (.sizes(buffers: 65_536), "receiveBufferCount"),
                (.sizes(of: 63), "receiveBufferSize"), (.sizes(of: 1 << 25), "receiveBufferSize"),
                (.sizes(submissions: 0), "submissionEntries"), (.sizes(submissions: -1), "submissionEntries"),
                (.sizes(submissions: 8, completions: 4), "completionEntries"),
            ]
            for (configuration, name) in sizes {
                let error = #expect(throws: EventLoopError.self) {
                    try ProactorEventLoop(configuration: configuration)
                }
                #expect(error?.code == .invalidArgument)
                #expect(error?.detail.contains(name) == true)
            }
        }
    }

    extension RingLoop {
        /// A kernel that has only a part of io_uring.
        @Suite struct SetupTests {
            @Test(
                arguments: [(1, "NODROP"), (2, "SUBMIT_STABLE"), (5, "FAST_POLL"), (8, "EXT_ARG"), (11, "CQE_SKIP")]
                    as [(Int, String)])
            func loop_isRefused_whenTheKernelLacksAFeature(_ bit: Int, _ name: String) throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.missingFeatures = 1 << UInt32(bit)
                let error = #expect(throws: EventLoopError.self) { try ProactorEventLoop(configuration: configuration) }
                #expect(error?.errno == .noFunction)
                #expect(error?.operation == "io_uring_setup without \(name)")
            }

            /// io_uring 16: locked memory is short, so the rings are smaller; nothing else changes.
            @Test func loop_works_whenMemoryForRingsIsShort() async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.mostCompletions = 64
                try await runLoop(configuration) { loop, _ in
                    #expect(loop.driver.ring.completionEntries == 64)
                    let service = try await Service.start(loop) { Echo() }
                    let peers = try (0..<100).map { _ in try service.connect() }
                    for (number, peer) in peers.enumerated() { try await peer.send(pattern(700, seed: number)) }
                    for (number, peer) in peers.enumerated() {
                        #expect(try await peer.receive(700) == pattern(700, seed: number))
                    }
                    try await service.end(closing: peers)
                }
            }

            /// The lower rungs of the ladder: kernels that complete in other ways, or without DEFER_TASKRUN.
            @Test(arguments: [0, 1 << 13, 1 << 13 | 1 << 8] as [UInt32])
            func loop_works_withoutTheNewestSetupFlags(_ unknown: UInt32) async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.unknownSetupFlags = unknown
                try await runLoop(configuration) { loop, _ in
                    let service = try await Service.start(loop) { Echo() }
                    let peers = try (0..<20).map { _ in try service.connect() }
                    for (number, peer) in peers.enumerated() {
                        #expect(try await peer.exchange(pattern(700, seed: number)) == pattern(700, seed: number))
                    }
                    try await service.end(closing: peers)
                }
            }

            /// A loop that never sleeps, because a timer is always due, asks the kernel for news all the same.
            @Test(arguments: [0, 1 << 13, 1 << 13 | 1 << 8] as [UInt32])
            func loop_hearsOfBytes_whileTimersAreAlwaysDue(_ unknown: UInt32) async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.unknownSetupFlags = unknown
                try await runLoop(configuration) { loop, _ in
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    let due = AlwaysDue(loop)
                    for seed in 0..<20 {
                        #expect(try await peer.exchange(pattern(700, seed: seed)) == pattern(700, seed: seed))
                    }
                    #expect(due.rounds > 20)
                    due.end()
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// A timer of no delay that makes itself anew.
            private final class AlwaysDue {
                private let loop: ProactorEventLoop
                private(set) var rounds = 0
                private var next: TimerHandle?

                init(_ loop: ProactorEventLoop) {
                    self.loop = loop
                    goOn()
                }

                func end() {
                    next?.cancel()
                }

                private func goOn() {
                    rounds += 1
                    next = loop.callLater(.zero) { self.goOn() }
                }
            }
        }
    }
#endif
