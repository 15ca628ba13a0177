#if DEBUG
    import EventLoops
    import Kernel
    import Proactor
    import ProactorLoop
    import ProactorTesting
    import TestSupport
    import Testing
    import Uring

    /// Loops that are refused.
    ///
    /// Sizes are checked before the kernel is called, so this part also runs where io_uring is denied.
    @Suite struct RefusalTests {
        /// The error has to name the remedy for the person who runs the program.
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

        @Test func invalidSizes_areRefusedByName() {
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
        /// Kernels that support only a part of io_uring.
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

            /// Locked memory is short, so the rings are smaller; nothing else changes.
            @Test func loop_works_whenMemoryForRingsIsShort() async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.mostCompletions = 64
                try await runLoop(configuration) { loop, _ in
                    #expect(loop.driver.ring.completionEntries == 64)
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let peers = try (0..<100).map { _ in try service.connect() }
                    for (number, peer) in peers.enumerated() { try await peer.send(Pattern.bytes(700, at: number)) }
                    for (number, peer) in peers.enumerated() {
                        #expect(try await peer.receive(700) == Pattern.bytes(700, at: number))
                    }
                    try await service.end(closing: peers)
                }
            }

            /// Kernels that notify in other ways, or without DEFER_TASKRUN.
            @Test(arguments: [0, 1 << 13, 1 << 13 | 1 << 8] as [UInt32])
            func loop_works_withoutTheNewestSetupFlags(_ unknown: UInt32) async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.unknownSetupFlags = unknown
                try await runLoop(configuration) { loop, _ in
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let peers = try (0..<20).map { _ in try service.connect() }
                    for (number, peer) in peers.enumerated() {
                        #expect(
                            try await peer.exchange(Pattern.bytes(700, at: number)) == Pattern.bytes(700, at: number))
                    }
                    try await service.end(closing: peers)
                }
            }

            /// A loop that never sleeps, because a timer is always due, still reaps completions.
            @Test(arguments: [0, 1 << 13, 1 << 13 | 1 << 8] as [UInt32])
            func loop_receivesBytes_whileTimersAreAlwaysDue(_ unknown: UInt32) async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.unknownSetupFlags = unknown
                try await runLoop(configuration) { loop, _ in
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    let due = AlwaysDue(loop)
                    for seed in 0..<20 {
                        #expect(try await peer.exchange(Pattern.bytes(700, at: seed)) == Pattern.bytes(700, at: seed))
                    }
                    #expect(due.rounds > 20)
                    due.end()
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// A timer without delay that reschedules itself.
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
