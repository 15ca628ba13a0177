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
        /// R10, io_uring 15.5, 15.8 and 16: the end of connections and of loops.
        @Suite struct CloseTests {
            /// io_uring 16: with a receive in flight `close(2)` alone would send no FIN.
            @Test(arguments: [true, false]) func peer_seesTheEndSoon_whenAReceiveWasPending(_ aborts: Bool) async throws
            {
                try await runLoop { loop, _ in
                    let service = try await Service.start(loop) { Recorder() }
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

            /// io_uring 15.5: when the protocol hears of it, closing the descriptor is queued already: the loop's next
            /// turn, without any further step, shows the peer the end.
            @Test func connectionLost_isToldWhenTheCloseIsQueued_andNotInsideTheCall() async throws {
                try await runLoop { loop, _ in
                    for aborts in [true, false] {
                        let (one, other) = try Socket.pair()
                        let peer = Peer(other, loop)
                        let (transport, connection) = try await loop.createConnection(socket: one) {
                            LossWatcher(peer, loop)
                        }
                        try await loop.turns(2)
                        if aborts { transport.abort() } else { transport.close() }
                        #expect(connection.losses.isEmpty, "lost inside the call")
                        try await loop.until("lost") { connection.losses.count == 1 }
                        #expect(connection.peerSawEnd)
                    }
                }
            }

            /// io_uring 16: nothing of a closed loop holds its port.
            @Test func port_canBeBoundAgain_rightAfterTheLoopWasClosed() async throws {
                try await onThread {
                    let before = OpenSockets.open()
                    var port = 0
                    for round in 0..<10 {
                        let loop = try ProactorEventLoop()
                        let wanted = port
                        nonisolated(unsafe) var peers: [Peer] = []
                        port = try loop.runUntilComplete {
                            let service = try await Service.start(loop, port: wanted) { Echo() }
                            for _ in 0..<3 { peers.append(try await service.connected().1) }
                            #expect(try await peers[0].exchange([1, 2, 3]) == [1, 2, 3], "round \(round)")
                            // A connection that nobody has accepted yet, too.
                            peers.append(try service.connect())
                            return try #require(try service.address.port)
                        }
                        try loop.close()
                        loop.expectNothingLeft(#_sourceLocation)
                    }
                    #expect(OpenSockets.left(since: before) == [])
                }
            }

            /// R10: written in the turn in which the loop is stopped for good.
            ///
            /// The bytes may be lost, the socket must not.
            @Test func loopClose_closesConnections_thatHaveNotBegunToSend() async throws {
                try await withLoop { loop, _ in
                    let (one, other) = try Socket.pair()
                    let transport = try loop.runUntilComplete {
                        let (transport, _) = try await loop.createConnection(socket: one) { Recorder() }
                        try await loop.turns(3)
                        return transport
                    }
                    _ = loop.callSoon { transport.write(pattern(100)) }
                    try loop.oneTurn()
                    #expect(transport.writeBufferSize == 100, "sent already")
                    try loop.close()
                    expectEnd(of: other)
                }
            }

            /// R7, R10: whichever call the kernel refuses while the loop closes, nothing is left behind.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func loopClose_leavesNothing_whenTheNthEnterFails(_ errno: Errno) async throws {
                for number in 1...6 {
                    try await withLoop { loop, _ in
                        let ends = try (0..<10).map { _ in try Socket.pair() }
                        try loop.runUntilComplete {
                            _ = try await Service.start(loop) { Echo() }
                            for (one, _) in ends { _ = try await loop.createConnection(socket: one) { Recorder() } }
                            try await loop.turns(3)
                        }
                        let plan = loop.planFaults()
                        for failing in number..<number + 3 { plan.failEnter(with: errno, .number(failing)) }
                        try loop.close()
                        for (_, other) in ends { expectEnd(of: other) }
                    }
                }
            }

            /// R10, io_uring 15.8: pending receives, sends that do not get on, accepts and connects, in thousands.
            @Test func loopClose_endsThousandsOfPendingOperations() async throws {
                try await withLoop { loop, _ in
                    let ends = try (0..<2_000).map { _ in try Socket.pair() }
                    let silent = try Listening(backlog: 0)
                    nonisolated(unsafe) var fillers: [Peer] = []
                    try loop.runUntilComplete {
                        fillers = try (0..<3).map { _ in try Peer(to: silent.address, loop) }
                        for _ in 0..<20 { _ = try await Service.start(loop) { Echo() } }
                        for (one, _) in ends {
                            let (transport, _) = try await loop.createConnection(socket: one) { Recorder() }
                            transport.write([UInt8](repeating: 1, count: 1 << 20))
                        }
                        for _ in 0..<20 {
                            loop.createTask {
                                try await loop.createConnection(host: "127.0.0.1", port: silent.port) { Recorder() }
                            }
                        }
                        try await loop.until("all in flight") { loop.driver.operationsInFlight >= 4_041 }
                    }
                    let start = MonotonicClock.now()
                    try loop.close()
                    #expect(MonotonicClock.now() - start < 5_000_000_000)
                    for (_, other) in ends { other.close() }
                    for filler in fillers { filler.close() }
                }
            }

            /// io_uring 15.8: memory goes last, but it goes.
            @Test func loop_isFreed_afterItWasClosedAndLetGoOf() async throws {
                try await onThread {
                    nonisolated(unsafe) weak var driver: AnyObject?
                    nonisolated(unsafe) weak var ring: AnyObject?
                    nonisolated(unsafe) weak var connection: AnyObject?
                    do {
                        let loop = try ProactorEventLoop()
                        driver = loop.driver
                        ring = loop.driver.ring
                        try loop.runUntilComplete {
                            _ = try await loop.createServer(host: "127.0.0.1", port: 0) { Echo() }
                            let (echo, _, peer) = try await pair(loop) { Echo() }
                            #expect(try await peer.exchange(pattern(5_000)) == pattern(5_000))
                            connection = echo
                            loop.createTask { try await loop.sleep(for: .seconds(60)) }
                            try await loop.turns(2)
                        }
                        try loop.close()
                    }
                    // Jobs of tasks that ended with the loop run elsewhere, and hold it until then.
                    for _ in 0..<2_000 where driver != nil || connection != nil { usleep(1_000) }
                    #expect(connection == nil)
                    #expect(driver == nil)
                    #expect(ring == nil)
                }
            }

            /// R4, R10: receives that are paused, starved or hold bytes.
            @Test func loopClose_endsConnections_inEveryStateOfReading() async throws {
                try await withLoop(.sizes(buffers: 2, of: 512)) { loop, _ in
                    let ends = try (0..<40).map { _ in try Socket.pair() }
                    nonisolated(unsafe) var keeper: [any StreamTransport] = []
                    try loop.runUntilComplete {
                        for (number, (one, other)) in ends.enumerated() {
                            let (transport, _) = try await loop.createConnection(socket: one) { Recorder() }
                            keeper.append(transport)
                            try await Peer(other, loop).send(pattern(3_000))
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

    /// Looks, when it hears of its end and the kernel has what was queued, whether its peer has heard too.
    private final class LossWatcher: Recorder {
        private let peer: Peer
        private let loop: ProactorEventLoop
        private(set) var peerSawEnd = false

        init(_ peer: Peer, _ loop: ProactorEventLoop) {
            self.peer = peer
            self.loop = loop
        }

        override func connectionLost(_ error: (any Error)?) {
            super.connectionLost(error)
            #expect(throws: Never.self) { try loop.enterOnly() }
            peerSawEnd = (try? peer.take(1)) == []
        }
    }

    /// The other end is closed: the kernel says so without being asked to wait.
    private func expectEnd(of socket: Socket, sourceLocation: SourceLocation = #_sourceLocation) {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        var count = 1
        while count > 0 { count = recv(socket.fileDescriptor, &bytes, bytes.count, 0) }
        let reason = count == 0 ? 0 : errno
        #expect(reason == 0 || reason == ECONNRESET, "the connection stands", sourceLocation: sourceLocation)
        socket.close()
    }
#endif
