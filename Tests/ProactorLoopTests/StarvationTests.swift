#if DEBUG
    import EventLoops
    import Kernel
    import Proactor
    import ProactorTesting
    import Testing
    import Uring

    extension RingLoop {
        /// R6, io_uring 16: fewer receive buffers than connections.
        @Suite struct StarvationTests {
            @Test func everyConnection_isServed_whenTwoBuffersServeTwoHundred() async throws {
                try await runLoop(.sizes(buffers: 2, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { Echo() }
                    let peers = try (0..<200).map { _ in try service.connect() }
                    try await loop.until("accepted") { service.connections.count == 200 }
                    for round in 0..<5 {
                        for (number, peer) in peers.enumerated() {
                            try await peer.send(pattern(2000, seed: round * 200 + number))
                        }
                        for (number, peer) in peers.enumerated() {
                            #expect(try await peer.receive(2000) == pattern(2000, seed: round * 200 + number))
                        }
                    }
                    try await service.end(closing: peers)
                }
            }

            /// As above, all at once and with messages that need many buffers.
            @Test func everyConnection_isServed_whenAllSendMuchAtOnce() async throws {
                try await runLoop(.sizes(buffers: 2, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { Echo() }
                    let peers = try (0..<40).map { _ in try service.connect() }
                    let sending = peers.enumerated().map { number, peer in
                        loop.createTask { try await peer.send(pattern(60_000, seed: number)) }
                    }
                    for (number, peer) in peers.enumerated() {
                        #expect(try await peer.receive(60_000) == pattern(60_000, seed: number))
                    }
                    for task in sending { try await task.value }
                    try await service.end(closing: peers)
                }
            }

            /// The loop begins with some of its buffers, and adds to them when the kernel says that it has none.
            @Test func buffers_areAdded_whenTheyRunOut() async throws {
                try await runLoop(.sizes(buffers: 512, of: 256)) { loop, _ in
                    #expect(loop.driver.buffersSupplied == 256)
                    loop.planFaults().inject(.refuse(.noBufferSpace), into: .receiveMultishot, .number(1))
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    #expect(try await peer.exchange(pattern(100_000)) == pattern(100_000))
                    #expect(loop.driver.buffersSupplied == 512)
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// One that sends without end must not take every buffer.
            @Test func connections_areServed_besideOneThatFloods() async throws {
                try await runLoop(.sizes(buffers: 2, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { Echo() }
                    let flooder = try await Service.start(loop) { Discarding() }
                    let flood = Flood(to: try flooder.address)
                    let (_, silent) = try await flooder.connected()
                    try await loop.until("flooded") { flooder.connections.contains { $0.count > 1 << 20 } }
                    let peers = try (0..<40).map { _ in try service.connect() }
                    for round in 0..<10 {
                        for (number, peer) in peers.enumerated() {
                            let bytes = pattern(100, seed: round * 40 + number)
                            #expect(try await peer.exchange(bytes) == bytes)
                        }
                    }
                    flood.end()
                    try await flooder.end(closing: [silent])
                    try await service.end(closing: peers)
                }
            }

            /// The kernel says that it has no buffer when all are with it: nobody will give one back, so nobody would
            /// wake the connection.
            @Test(arguments: 1...4) func connection_goesOn_whenItStarvedAlthoughAllBuffersAreHome(_ number: Int)
                async throws
            {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(.noBufferSpace), into: .receiveMultishot, .number(number))
                    plan.inject(.singleShot, into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    for seed in 0..<5 {
                        #expect(try await peer.exchange(pattern(50, seed: seed)) == pattern(50, seed: seed))
                    }
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// R4: a starved connection is closed, aborted, paused; the others do not notice.
            @Test func starvedConnections_leave_withoutATrace() async throws {
                try await runLoop(.sizes(buffers: 2, of: 256)) { loop, _ in
                    let service = try await Service.start(loop) { Recorder() }
                    let peers = try (0..<30).map { _ in try service.connect() }
                    try await loop.until("accepted") { service.connections.count == 30 }
                    for peer in peers { try await peer.send(pattern(2_000)) }
                    for (number, connection) in service.connections.enumerated() {
                        try await loop.turns(1)
                        switch number % 4 {
                        case 0: connection.transport?.abort()
                        case 1: connection.transport?.close()
                        case 2:
                            connection.transport?.pauseReading()
                            try await loop.turns(2)
                            connection.transport?.resumeReading()
                        default: break
                        }
                    }
                    let staying = service.connections.enumerated().filter { $0.offset % 4 > 1 }.map(\.element)
                    try await loop.until("received") { staying.allSatisfy { $0.bytes.count == 2_000 } }
                    #expect(staying.allSatisfy { $0.bytes == pattern(2_000) })
                    try await service.end(closing: peers)
                }
            }
        }
    }
#endif
