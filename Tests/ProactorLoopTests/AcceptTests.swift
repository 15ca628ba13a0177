#if DEBUG
    import EventLoops
    import Glibc
    import Kernel
    import Proactor
    import ProactorTesting
    import Testing
    import Uring

    extension RingLoop {
        @Suite struct AcceptTests {
            /// R3, io_uring 16: the connection came in before the server was closed, and nobody has looked yet.
            @Test func acceptedSocket_isClosed_whenTheServerClosedMeanwhile() async throws {
                try await runLoop { loop, _ in
                    let service = try await Service.start(loop) { Recorder() }
                    try await loop.turns(2)
                    let peers = try (0..<5).map { _ in try service.connect() }
                    try loop.enterOnly(for: .milliseconds(20))
                    try await service.end()
                    for peer in peers { #expect(try await endOf(peer)) }
                    #expect(service.connections.isEmpty)
                }
            }

            /// R3, R10.
            @Test func acceptedSocket_isClosed_whenTheLoopClosedMeanwhile() async throws {
                try await withLoop { loop, _ in
                    nonisolated(unsafe) var peers: [Peer] = []
                    try loop.runUntilComplete {
                        let service = try await Service.start(loop) { Recorder() }
                        try await loop.turns(2)
                        peers = try (0..<5).map { _ in try service.connect() }
                        try loop.enterOnly(for: .milliseconds(20))
                    }
                    try loop.close()
                    for peer in peers {
                        var byte: UInt8 = 0
                        let count = recv(peer.socket.fileDescriptor, &byte, 1, 0)
                        #expect(count == 0 || errno == ECONNRESET, "the connection stands: \(count) \(errno)")
                    }
                }
            }

            /// R6: whatever ends a multishot accept, it goes on.
            @Test func accept_goesOn_whenEachMultishotEndsAfterOneConnection() async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.singleShot, into: .acceptMultishot)
                    let service = try await Service.start(loop) { Echo() }
                    for number in 0..<30 {
                        let peer = try service.connect()
                        #expect(try await peer.exchange(pattern(100, seed: number)) == pattern(100, seed: number))
                        peer.close()
                    }
                    #expect(plan.strikes >= 30)
                    try await service.end()
                }
            }

            /// R6: errors that say nothing about the socket cost no time and no word.
            @Test(arguments: [Errno.connectionAborted, .interrupted, .resourceTemporarilyUnavailable])
            func accept_goesOnAtOnce_afterAnErrorOfThePeers(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in 1...3 { plan.inject(.refuse(errno), into: .acceptMultishot, .number(number)) }
                    let service = try await Service.start(loop) { Echo() }
                    let start = loop.time
                    #expect(try await service.connect().exchange([1, 2, 3]) == [1, 2, 3])
                    #expect(start.duration(to: loop.time) < .milliseconds(900))
                    #expect(plan.strikes == 3)
                    try await service.end()
                }
            }

            /// R6: what the system is short of may come back; said once, tried again after a while, without spinning.
            @Test(arguments: [
                Errno.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .noBufferSpace, .canceled, .ioError,
            ])
            func accept_isReportedAndTriedAgain_afterAnErrorOfTheSystem(_ errno: Errno) async throws {
                try await runLoop { loop, recorder in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: .acceptMultishot, .number(1))
                    let service = try await Service.start(loop) { Echo() }
                    let peer = try service.connect()
                    let entersBefore = loop.driver.ring.enters
                    try await loop.sleep(for: .milliseconds(300))
                    #expect(loop.driver.ring.enters - entersBefore < 50, "the loop spins")
                    #expect(try await peer.exchange([1, 2, 3]) == [1, 2, 3])
                    let contexts = recorder.take()
                    #expect(contexts.count == 1)
                    #expect((contexts.first?.error as? EventLoopError)?.errno == errno)
                    try await service.end(closing: [peer])
                }
            }

            /// R3: an accept whose success was spoilt leaves no descriptor.
            @Test func accept_leaksNothing_whenItsSuccessTurnsIntoAnError() async throws {
                try await runLoop { loop, recorder in
                    let plan = loop.planFaults()
                    plan.inject(.rewrite(.connectionAborted), into: .acceptMultishot, .number(1))
                    let service = try await Service.start(loop) { Echo() }
                    let lost = try service.connect()
                    #expect(try await endOf(lost))
                    #expect(try await service.connect().exchange([1]) == [1])
                    try await service.end()
                }
            }

            /// R12, io_uring 15.5: the kernel takes nothing when the server closes.
            ///
            /// The accept that it is given later must not work on a descriptor that is somebody else's by then.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func acceptQueuedBeforeClose_doesNotTouchTheNextSocketOfItsNumber(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    let first = try await Service.start(loop) { Echo() }
                    plan.failEnter(with: errno, .number(1))
                    first.server.close()
                    // Takes the number of the socket that was closed, if it was.
                    let second = try Socket(family: .ipv4)
                    try second.bind(to: SocketAddress(ipAddress: "127.0.0.1", port: 0))
                    try second.listen()
                    let peer = try Peer(to: second.localAddress, loop)
                    try await loop.turns(5)
                    #expect(plan.strikes == 1)
                    let accepted = Peer(try second.accept().socket, loop)
                    try await peer.send([7])
                    #expect(try await accepted.receive(1) == [7])
                }
            }

            private func endOf(_ peer: Peer) async throws -> Bool {
                do { return try await peer.receiveToEnd().isEmpty } catch let error as Errno {
                    return error == .connectionReset
                }
            }
        }
    }
#endif
