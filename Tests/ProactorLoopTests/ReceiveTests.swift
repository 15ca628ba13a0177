#if DEBUG
    import EventLoops
    import Glibc
    import Kernel
    import Proactor
    import ProactorTesting
    import TestSupport
    import Testing
    import Uring

    extension RingLoop {
        @Suite struct ReceiveTests {
            /// A receive is cancelled after the kernel has filled a buffer and before the completion is reaped: the
            /// buffer is returned.
            ///
            /// The ring has two buffers: if each round lost one, the rounds after the second would receive nothing.
            @Test func buffer_isReturned_whenTheReceiveIsCancelledAfterFillingIt() async throws {
                try await runLoop(.sizes(buffers: 2)) { loop, _ in
                    for round in 0..<20 {
                        let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                        try await loop.turns(2)
                        try await peer.send(Pattern.bytes(1000))
                        try loop.enterOnly()
                        transport.abort()
                        try await loop.eventually("lost in round \(round)") { connection.losses.count == 1 }
                        #expect(connection.received.isEmpty)
                        #expect(loop.driver.buffersLent == 0)
                    }
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    #expect(try await peer.exchange(Pattern.bytes(100_000)) == Pattern.bytes(100_000))
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// As above, with memory that the protocol supplies, which the kernel may write to until the last
            /// completion.
            @Test func memoryOfTheProtocol_staysInUse_untilTheConnectionIsLost() async throws {
                try await runLoop { loop, _ in
                    for _ in 0..<20 {
                        let (connection, transport, peer) = try await pair(loop) { BufferedRecorder(loop, size: 4096) }
                        try await loop.turns(3)
                        try await peer.send(Pattern.bytes(1000))
                        transport.abort()
                        try await loop.eventually("lost") { connection.losses.count == 1 }
                        #expect(connection.received.isEmpty)
                    }
                }
            }

            /// A multishot receive that has ended is armed again, whatever its result.
            @Test(arguments: [1, 7, 64, 4096]) func receive_continues_whenEachMultishotEndsShort(_ limit: Int)
                async throws
            {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.clamp(limit), into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    let bytes = Pattern.bytes(limit * 50 + 3)
                    #expect(try await peer.exchange(bytes) == bytes)
                    #expect(plan.strikes >= 50)
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                    #expect(echo.errno == nil && echo.hasEOF)
                }
            }

            @Test func receive_continues_whenEachMultishotEndsAfterOneCompletion() async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.singleShot, into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    for seed in 0..<50 {
                        #expect(try await peer.exchange(Pattern.bytes(200, at: seed)) == Pattern.bytes(200, at: seed))
                    }
                    #expect(plan.strikes >= 50)
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// Transient errors do not concern the connection: it continues, and no byte is missing.
            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable, .canceled, .noBufferSpace])
            func receive_continues_afterATransientError(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in [1, 2, 4] { plan.inject(.refuse(errno), into: .receiveMultishot, .number(number)) }
                    plan.inject(.singleShot, into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    for seed in 0..<10 {
                        #expect(try await peer.exchange(Pattern.bytes(200, at: seed)) == Pattern.bytes(200, at: seed))
                    }
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                    #expect(echo.errno == nil)
                }
            }

            /// As above, with memory that the protocol supplies.
            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable, .canceled, .noBufferSpace])
            func receiveIntoOwnMemory_continues_afterATransientError(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in [1, 2, 4] { plan.inject(.refuse(errno), into: .receive, .number(number)) }
                    let (connection, _, peer) = try await pair(loop) { BufferedRecorder(loop, size: 4096) }
                    for seed in 0..<10 {
                        try await peer.send(Pattern.bytes(200, at: seed))
                        try await loop.eventually("received") { connection.received.count == 200 * (seed + 1) }
                    }
                    #expect(connection.received == (0..<10).flatMap { Pattern.bytes(200, at: $0) })
                    peer.close()
                    try await loop.eventually("lost") { connection.losses.count == 1 }
                }
            }

            /// Any other error ends the connection, and is reported once.
            @Test(arguments: [Errno.connectionReset, .timedOut, .noMemory, .ioError, .noRouteToHost])
            func receive_endsTheConnection_onAnyOtherError(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.rewrite(errno), into: .receiveMultishot, .number(1))
                    let (connection, _, peer) = try await pair(loop) { StreamRecorder(loop) }
                    try await peer.send([1, 2, 3])
                    try await loop.eventually("lost") { !connection.losses.isEmpty }
                    #expect(try await peer.receiveToEnd() == [])
                    try await loop.turns(5)
                    #expect(connection.losses.count == 1)
                    #expect(connection.errno == errno)
                    #expect(!connection.hasEOF)
                }
            }

            /// TRANSPORT-029: the kernel finds bytes and a reset together as it begins to wait, and does not report
            /// the reset.
            @Test func reset_isReported_whenTheKernelFindsItTogetherWithBytes() async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.pollFirst, into: .receiveMultishot, .number(1))
                    let (accepted, client) = try Listening().pair()
                    let peer = Peer(client, loop)
                    try await peer.send([1, 2, 3])
                    peer.reset()
                    let (_, connection) = try await loop.createConnection(socket: accepted) { StreamRecorder(loop) }
                    try await loop.eventually("lost") { connection.losses.count == 1 }
                    #expect(connection.received == [1, 2, 3])
                    #expect(connection.errno == .connectionReset)
                    #expect(!connection.hasEOF)
                }
            }

            /// As above, but with the end of a Unix socket's stream, in one direction or both, and also with a protocol
            /// that pauses.
            @Test(arguments: [false, true], [false, true])
            func end_isReported_whenTheKernelFindsItTogetherWithBytes(isHalf: Bool, pausing: Bool) async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.pollFirst, into: .receiveMultishot)
                    let (one, other) = try Socket.pair()
                    let peer = Peer(other, loop)
                    try await peer.send(Pattern.bytes(100_000))
                    if isHalf { peer.finish() } else { peer.close() }
                    defer { peer.close() }
                    let (transport, connection) = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
                    if pausing {
                        try await loop.eventually("bytes") { !connection.received.isEmpty }
                        transport.pauseReading()
                        try await loop.turns(5)
                        transport.resumeReading()
                    }
                    try await loop.eventually("lost") { connection.losses.count == 1 }
                    #expect(connection.received == Pattern.bytes(100_000))
                    #expect(connection.errno == nil && connection.hasEOF)
                }
            }

            /// On a kernel that may fail to report an end, the loop checks for it after each message.
            @Test func connection_worksAndEnds_whereTheKernelForgetsEnds() async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.forgetsEnds = true
                try await runLoop(configuration) { loop, _ in
                    #expect(loop.looksForForgottenEnds)
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    for seed in 0..<10 {
                        #expect(
                            try await peer.exchange(Pattern.bytes(20_000, at: seed)) == Pattern.bytes(20_000, at: seed))
                    }
                    peer.finish()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                    #expect(echo.errno == nil && echo.hasEOF)
                }
            }

            /// Each message fills many buffers, so that a loss or a change of order is noticed.
            @Test func largeMessages_arriveWhole_throughTinyBuffers() async throws {
                try await runLoop(.sizes(buffers: 8, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let peers = try (0..<4).map { _ in try service.connect() }
                    for round in 0..<5 {
                        for (number, peer) in peers.enumerated() {
                            let bytes = Pattern.bytes(65_536 + round * 12_345 + number, at: number)
                            // A second task sends: otherwise the buffers at both ends would fill up.
                            let sending = loop.createTask { try await peer.send(bytes) }
                            #expect(try await peer.receive(bytes.count) == bytes)
                            try await sending.value
                        }
                    }
                    try await service.end(closing: peers)
                }
            }
        }
    }
#endif
