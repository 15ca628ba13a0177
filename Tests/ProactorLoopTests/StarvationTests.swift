#if DEBUG
    import EventLoops
    import Kernel
    import Proactor
    import ProactorTesting
    import TestSupport
    import Testing
    import Uring

    extension RingLoop {
        /// Fewer receive buffers than connections: a receive that ended for want of a buffer is armed again when one
        /// is free.
        @Suite struct StarvationTests {
            @Test func everyConnection_isServed_whenTwoBuffersServeTwoHundred() async throws {
                try await runLoop(.sizes(buffers: 2, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let peers = try (0..<200).map { _ in try service.connect() }
                    try await loop.eventually("accepted") { service.connections.count == 200 }
                    for round in 0..<5 {
                        for (number, peer) in peers.enumerated() {
                            try await peer.send(Pattern.bytes(2000, at: round * 200 + number))
                        }
                        for (number, peer) in peers.enumerated() {
                            #expect(try await peer.receive(2000) == Pattern.bytes(2000, at: round * 200 + number))
                        }
                    }
                    try await service.end(closing: peers)
                }
            }

            /// As above, but all at once, with messages that need many buffers.
            @Test func everyConnection_isServed_whenAllSendMuchAtOnce() async throws {
                try await runLoop(.sizes(buffers: 2, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let peers = try (0..<40).map { _ in try service.connect() }
                    let sending = peers.enumerated().map { number, peer in
                        loop.createTask { try await peer.send(Pattern.bytes(60_000, at: number)) }
                    }
                    for (number, peer) in peers.enumerated() {
                        #expect(try await peer.receive(60_000) == Pattern.bytes(60_000, at: number))
                    }
                    for task in sending { try await task.value }
                    try await service.end(closing: peers)
                }
            }

            /// The loop starts with some of its buffers, and supplies more when the kernel runs out.
            @Test func buffers_areAdded_whenTheyRunOut() async throws {
                try await runLoop(.sizes(buffers: 512, of: 256)) { loop, _ in
                    #expect(loop.driver.buffersSupplied == 256)
                    loop.planFaults().inject(.refuse(.noBufferSpace), into: .receiveMultishot, .number(1))
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    #expect(try await peer.exchange(Pattern.bytes(100_000)) == Pattern.bytes(100_000))
                    #expect(loop.driver.buffersSupplied == 512)
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// A peer that sends without pause must not take every buffer.
            @Test func connections_areServed_besideOneThatFloods() async throws {
                try await runLoop(.sizes(buffers: 2, of: 4096)) { loop, _ in
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let flooder = try await Service.start(loop) { discarding(loop) }
                    let flood = Flood(to: try flooder.address)
                    let (_, silent) = try await flooder.connected()
                    try await loop.eventually("flooded") { flooder.connections.contains { $0.total > 1 << 20 } }
                    let peers = try (0..<40).map { _ in try service.connect() }
                    for round in 0..<10 {
                        for (number, peer) in peers.enumerated() {
                            let bytes = Pattern.bytes(100, at: round * 40 + number)
                            #expect(try await peer.exchange(bytes) == bytes)
                        }
                    }
                    flood.end()
                    try await flooder.end(closing: [silent])
                    try await service.end(closing: peers)
                }
            }

            /// The kernel reports a lack of buffers although all of them are in the ring.
            ///
            /// No buffer will be returned, so no return would wake the connection.
            @Test(arguments: 1...4) func connection_continues_whenItStarvedAlthoughNoBufferIsLent(_ number: Int)
                async throws
            {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(.noBufferSpace), into: .receiveMultishot, .number(number))
                    plan.inject(.singleShot, into: .receiveMultishot)
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    for seed in 0..<5 {
                        #expect(try await peer.exchange(Pattern.bytes(50, at: seed)) == Pattern.bytes(50, at: seed))
                    }
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// Starved connections are closed, aborted and paused; the other ones are not affected.
            @Test func starvedConnections_end_withoutATrace() async throws {
                try await runLoop(.sizes(buffers: 2, of: 256)) { loop, _ in
                    let service = try await Service.start(loop) { StreamRecorder(loop) }
                    let peers = try (0..<30).map { _ in try service.connect() }
                    try await loop.eventually("accepted") { service.connections.count == 30 }
                    for peer in peers { try await peer.send(Pattern.bytes(2_000)) }
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
                    try await loop.eventually("received") { staying.allSatisfy { $0.received.count == 2_000 } }
                    #expect(staying.allSatisfy { $0.received == Pattern.bytes(2_000) })
                    try await service.end(closing: peers)
                }
            }
        }
    }
#endif
