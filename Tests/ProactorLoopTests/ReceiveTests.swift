#if DEBUG
    import EventLoops
    import Glibc
    import Kernel
    import Proactor
    import ProactorTesting
    import Testing
    import Uring

    extension RingLoop {
        @Suite struct ReceiveTests {
            /// R4: the bytes are there, in a buffer, and nobody has looked when the connection is aborted.
            ///
            /// Two buffers: had one been lost each time, the rounds after the second would get nothing.
            @Test func buffer_comesBack_whenTheReceiveIsCancelledAfterItWasFilled() async throws {
                try await runLoop(.sizes(buffers: 2)) { loop, _ in
                    for round in 0..<20 {
                        let (connection, transport, peer) = try await pair(loop) { Recorder() }
                        try await loop.turns(2)
                        try await peer.send(pattern(1000))
                        try loop.enterOnly()
                        transport.abort()
                        try await loop.until("lost in round \(round)") { connection.losses.count == 1 }
                        #expect(connection.bytes.isEmpty)
                        #expect(loop.driver.buffersLent == 0)
                    }
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    #expect(try await peer.exchange(pattern(100_000)) == pattern(100_000))
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// R4, io_uring 15.1: as above, with the protocol's own memory, which is the kernel's until the last
            /// completion.
            @Test func memoryOfTheProtocol_isTheKernels_untilTheConnectionIsLost() async throws {
                try await runLoop { loop, _ in
                    for _ in 0..<20 {
                        let (connection, transport, peer) = try await pair(loop) { BufferedRecorder() }
                        try await loop.turns(3)
                        try await peer.send(pattern(1000))
                        transport.abort()
                        try await loop.until("lost") { connection.losses.count == 1 }
                        #expect(connection.bytes.isEmpty)
                    }
                }
            }

            /// R6: a multishot receive that is over is begun again, whatever it brought.
            @Test(arguments: [1, 7, 64, 4096]) func receive_goesOn_whenEachMultishotEndsShort(_ limit: Int) async throws
            {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.clamp(limit), into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    let bytes = pattern(limit * 50 + 3)
                    #expect(try await peer.exchange(bytes) == bytes)
                    #expect(plan.strikes >= 50)
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                    #expect(echo.errno == nil && echo.hasEOF)
                }
            }

            /// R6.
            @Test func receive_goesOn_whenEachMultishotEndsAfterOneCompletion() async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.singleShot, into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    for seed in 0..<50 {
                        #expect(try await peer.exchange(pattern(200, seed: seed)) == pattern(200, seed: seed))
                    }
                    #expect(plan.strikes >= 50)
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// R6: these say nothing about the connection, so it goes on, and no byte is missing.
            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable, .canceled, .noBufferSpace])
            func receive_goesOn_afterAnErrorThatPasses(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in [1, 2, 4] { plan.inject(.refuse(errno), into: .receiveMultishot, .number(number)) }
                    plan.inject(.singleShot, into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    for seed in 0..<10 {
                        #expect(try await peer.exchange(pattern(200, seed: seed)) == pattern(200, seed: seed))
                    }
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                    #expect(echo.errno == nil)
                }
            }

            /// R6: the same for memory of the protocol's own.
            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable, .canceled, .noBufferSpace])
            func receiveIntoOwnMemory_goesOn_afterAnErrorThatPasses(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in [1, 2, 4] { plan.inject(.refuse(errno), into: .receive, .number(number)) }
                    let (connection, _, peer) = try await pair(loop) { BufferedRecorder() }
                    for seed in 0..<10 {
                        try await peer.send(pattern(200, seed: seed))
                        try await loop.until("received") { connection.bytes.count == 200 * (seed + 1) }
                    }
                    #expect(connection.bytes == (0..<10).flatMap { pattern(200, seed: $0) })
                    peer.close()
                    try await loop.until("lost") { connection.losses.count == 1 }
                }
            }

            /// R6: any other error is the end, told once.
            @Test(arguments: [Errno.connectionReset, .timedOut, .noMemory, .ioError, .noRouteToHost])
            func receive_endsTheConnection_afterAnyOtherError(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.rewrite(errno), into: .receiveMultishot, .number(1))
                    let (connection, _, peer) = try await pair(loop) { Recorder() }
                    try await peer.send([1, 2, 3])
                    try await loop.until("lost") { !connection.losses.isEmpty }
                    #expect(try await peer.receiveToEnd() == [])
                    try await loop.turns(5)
                    #expect(connection.losses.count == 1)
                    #expect(connection.errno == errno)
                    #expect(!connection.hasEOF)
                }
            }

            /// TRANSPORT-029: the kernel finds bytes and a reset at once when it begins to wait, and forgets the reset.
            @Test func reset_isTold_whenTheKernelFindsItTogetherWithBytes() async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.pollFirst, into: .receiveMultishot, .number(1))
                    let (accepted, client) = try Listening().pair()
                    let peer = Peer(client, loop)
                    try await peer.send([1, 2, 3])
                    peer.reset()
                    let (_, connection) = try await loop.createConnection(socket: accepted) { Recorder() }
                    try await loop.until("lost") { connection.losses.count == 1 }
                    #expect(connection.bytes == [1, 2, 3])
                    #expect(connection.errno == .connectionReset)
                    #expect(!connection.hasEOF)
                }
            }

            /// As above with the end of a Unix socket, of both directions or of one, and a protocol that pauses.
            @Test(arguments: [false, true], [false, true])
            func end_isTold_whenTheKernelFindsItTogetherWithBytes(isHalf: Bool, pausing: Bool) async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.pollFirst, into: .receiveMultishot)
                    let (one, other) = try Socket.pair()
                    let peer = Peer(other, loop)
                    try await peer.send(pattern(100_000))
                    if isHalf { peer.finish() } else { peer.close() }
                    defer { peer.close() }
                    let (transport, connection) = try await loop.createConnection(socket: one) { Recorder() }
                    if pausing {
                        try await loop.until("bytes") { !connection.bytes.isEmpty }
                        transport.pauseReading()
                        try await loop.turns(5)
                        transport.resumeReading()
                    }
                    try await loop.until("lost") { connection.losses.count == 1 }
                    #expect(connection.bytes == pattern(100_000))
                    #expect(connection.errno == nil && connection.hasEOF)
                }
            }

            /// On a kernel that may forget ends at any time there is a look after each message.
            @Test func connection_livesAndEnds_whereTheKernelForgetsEnds() async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.forgetsEnds = true
                try await runLoop(configuration) { loop, _ in
                    #expect(loop.looksForForgottenEnds)
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    for seed in 0..<10 {
                        #expect(try await peer.exchange(pattern(20_000, seed: seed)) == pattern(20_000, seed: seed))
                    }
                    peer.finish()
                    try await loop.until("lost") { echo.losses.count == 1 }
                    #expect(echo.errno == nil && echo.hasEOF)
                }
            }

            /// io_uring 16: order and loss show when each message fills many buffers.
            @Test func largeMessages_arriveWhole_throughTinyBuffers() async throws {
                try await runLoop(.sizes(buffers: 8, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { Echo() }
                    let peers = try (0..<4).map { _ in try service.connect() }
                    for round in 0..<5 {
                        for (number, peer) in peers.enumerated() {
                            let bytes = pattern(65_536 + round * 12_345 + number, seed: number)
                            // A task that sends beside this one: both ends of the socket would fill up otherwise.
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
