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
        /// The end of connections and of loops: stop submitting, cancel everything, reap until nothing is in flight,
        /// then release.
        @Suite struct CloseTests {
            /// While a receive is in flight, close(2) alone would not send a FIN.
            @Test(arguments: [true, false]) func peer_seesTheEnd_whenAReceiveWasPending(_ aborts: Bool) async throws {
                try await runLoop { loop, _ in
                    let service = try await Service.start(loop) { StreamRecorder(loop) }
                    var best = Duration.seconds(60)
                    for _ in 0..<5 {
                        let (connection, peer) = try await service.connected()
                        try await loop.turns(3)
                        let start = loop.time
                        if aborts { connection.transport?.abort() } else { connection.transport?.close() }
                        #expect(try await peer.receiveToEnd() == [])
                        best = min(best, start.duration(to: loop.time))
                    }
                    #expect(best < .milliseconds(100))
                    try await service.end()
                }
            }

            /// The close of the descriptor is queued before `connectionLost` is called: the peer sees the end in the
            /// loop's next turn, without any further step.
            @Test func connectionLost_isCalledAfterTheCloseIsQueued_andNotWithinTheCall() async throws {
                try await runLoop { loop, _ in
                    for aborts in [true, false] {
                        let (one, other) = try Socket.pair()
                        let peer = Peer(other, loop)
                        let (transport, connection) = try await loop.createConnection(socket: one) {
                            LossWatcher(peer, loop)
                        }
                        try await loop.turns(2)
                        if aborts { transport.abort() } else { transport.close() }
                        #expect(connection.losses.isEmpty, "lost within the call")
                        try await loop.eventually("lost") { connection.losses.count == 1 }
                        #expect(connection.peerSawEnd)
                    }
                }
            }

            /// A closed loop holds no port: every operation on the listening socket has ended.
            @Test func port_canBeBoundAgain_rightAfterTheLoopClosed() async throws {
                try await onThread {
                    let before = OpenSockets.open()
                    var port = 0
                    for round in 0..<10 {
                        let loop = try ProactorEventLoop()
                        let wanted = port
                        nonisolated(unsafe) var peers: [Peer] = []
                        port = try loop.runUntilComplete {
                            let service = try await Service.start(loop, port: wanted) { EchoRecorder(loop) }
                            for _ in 0..<3 { peers.append(try await service.connected().1) }
                            #expect(try await peers[0].exchange([1, 2, 3]) == [1, 2, 3], "round \(round)")
                            // One more connection, which the loop has not accepted.
                            peers.append(try service.connect())
                            return try #require(try service.address.port)
                        }
                        try loop.close()
                        loop.expectNothingLeft(#_sourceLocation)
                    }
                    #expect(OpenSockets.left(since: before) == [])
                }
            }

            /// Bytes written in the last turn of the loop may be lost; the socket must not leak.
            @Test func loopClose_closesConnections_thatHaveNotSentYet() async throws {
                try await withLoop { loop, _ in
                    let (one, other) = try Socket.pair()
                    let transport = try loop.runUntilComplete {
                        let (transport, _) = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
                        try await loop.turns(3)
                        return transport
                    }
                    _ = loop.callSoon { transport.write(Pattern.bytes(100)) }
                    try loop.turn()
                    #expect(transport.writeBufferSize == 100, "sent already")
                    try loop.close()
                    expectEnd(of: other)
                }
            }

            /// Whichever enter the kernel refuses while the loop closes, nothing is left.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func loopClose_leavesNothing_whenTheNthEnterFails(_ errno: Errno) async throws {
                for number in 1...6 {
                    try await withLoop { loop, _ in
                        let ends = try (0..<10).map { _ in try Socket.pair() }
                        try loop.runUntilComplete {
                            _ = try await Service.start(loop) { EchoRecorder(loop) }
                            for (one, _) in ends {
                                _ = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
                            }
                            try await loop.turns(3)
                        }
                        let plan = loop.planFaults()
                        for failing in number..<number + 3 { plan.failEnter(with: errno, .number(failing)) }
                        try loop.close()
                        for (_, other) in ends { expectEnd(of: other) }
                    }
                }
            }

            /// Thousands of pending receives, blocked sends, accepts and connects.
            @Test func loopClose_endsThousandsOfPendingOperations() async throws {
                try await withLoop { loop, _ in
                    let ends = try (0..<2_000).map { _ in try Socket.pair() }
                    let silent = try Listening(backlog: 0)
                    nonisolated(unsafe) var fillers: [Peer] = []
                    try loop.runUntilComplete {
                        fillers = try (0..<3).map { _ in try Peer(to: silent.address, loop) }
                        for _ in 0..<20 { _ = try await Service.start(loop) { EchoRecorder(loop) } }
                        for (one, _) in ends {
                            let (transport, _) = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
                            transport.write([UInt8](repeating: 1, count: 1 << 20))
                        }
                        for _ in 0..<20 {
                            loop.createTask {
                                try await loop.createConnection(host: "127.0.0.1", port: silent.port) {
                                    StreamRecorder(loop)
                                }
                            }
                        }
                        try await loop.eventually("all operations are in flight") {
                            loop.driver.operationsInFlight >= 4_041
                        }
                    }
                    let start = MonotonicClock.now()
                    try loop.close()
                    #expect(MonotonicClock.now() - start < 5_000_000_000)
                    for (_, other) in ends { other.close() }
                    for filler in fillers { filler.close() }
                }
            }

            /// Releasing the memory is the last step of closing, and must happen.
            @Test func closedLoop_isFreed_onceReleased() async throws {
                try await onThread {
                    nonisolated(unsafe) weak var driver: AnyObject?
                    nonisolated(unsafe) weak var ring: AnyObject?
                    nonisolated(unsafe) weak var connection: AnyObject?
                    do {
                        let loop = try ProactorEventLoop()
                        driver = loop.driver
                        ring = loop.driver.ring
                        try loop.runUntilComplete {
                            _ = try await loop.createServer(host: "127.0.0.1", port: 0) { EchoRecorder(loop) }
                            let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                            #expect(try await peer.exchange(Pattern.bytes(5_000)) == Pattern.bytes(5_000))
                            connection = echo
                            loop.createTask { try await loop.sleep(for: .seconds(60)) }
                            try await loop.turns(2)
                        }
                        try loop.close()
                    }
                    // Jobs of tasks that ended with the loop run on another thread, and retain the loop until then.
                    for _ in 0..<2_000 where driver != nil || connection != nil { usleep(1_000) }
                    #expect(connection == nil)
                    #expect(driver == nil)
                    #expect(ring == nil)
                }
            }

            /// Receives that are paused, starved, or hold undelivered bytes in receive buffers.
            @Test func loopClose_endsConnections_inEveryReadingState() async throws {
                try await withLoop(.sizes(buffers: 2, of: 512)) { loop, _ in
                    let ends = try (0..<40).map { _ in try Socket.pair() }
                    nonisolated(unsafe) var keeper: [any StreamTransport] = []
                    try loop.runUntilComplete {
                        for (number, (one, other)) in ends.enumerated() {
                            let (transport, _) = try await loop.createConnection(socket: one) { StreamRecorder(loop) }
                            keeper.append(transport)
                            try await Peer(other, loop).send(Pattern.bytes(3_000))
                            if number % 3 == 0 { transport.pauseReading() }
                            if number % 4 == 0 { try await loop.turns(1) }
                            if number % 5 == 0 { transport.resumeReading() }
                        }
                    }
                    try loop.close()
                    keeper = []
                }
            }
        }
    }

    /// Checks in `connectionLost`, once the kernel has the queued operations, whether the peer sees the end.
    private final class LossWatcher: StreamRecorder {
        private let peer: Peer
        private let proactor: ProactorEventLoop
        private(set) var peerSawEnd = false

        init(_ peer: Peer, _ loop: ProactorEventLoop) {
            self.peer = peer
            proactor = loop
            super.init(loop)
        }

        override func connectionLost(_ error: (any Error)?) {
            super.connectionLost(error)
            #expect(throws: Never.self) { try proactor.enterOnly() }
            peerSawEnd = (try? peer.take(1)) == []
        }
    }

    /// Expects that the other end is closed, without waiting.
    private func expectEnd(of socket: Socket, sourceLocation: SourceLocation = #_sourceLocation) {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var count = 1
        while count > 0 { count = recv(socket.fileDescriptor, &bytes, bytes.count, 0) }
        let reason = count == 0 ? 0 : errno
        #expect(reason == 0 || reason == ECONNRESET, "the connection is open", sourceLocation: sourceLocation)
        socket.close()
    }
#endif
