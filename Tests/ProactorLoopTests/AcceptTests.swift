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
        @Suite struct AcceptTests {
            /// The kernel accepted the connection before the server was closed, but the completion has not been reaped:
            /// the accepted socket is closed.
            @Test func acceptedSocket_isClosed_whenTheServerClosedMeanwhile() async throws {
                try await runLoop { loop, _ in
                    let service = try await Service.start(loop) { StreamRecorder(loop) }
                    try await loop.turns(2)
                    let peers = try (0..<5).map { _ in try service.connect() }
                    try loop.enterOnly(for: .milliseconds(20))
                    try await service.end()
                    for peer in peers { #expect(try await endOf(peer)) }
                    #expect(service.connections.isEmpty)
                }
            }

            /// As above, with the loop closed instead of the server.
            @Test func acceptedSocket_isClosed_whenTheLoopClosedMeanwhile() async throws {
                try await withLoop { loop, _ in
                    nonisolated(unsafe) var peers: [Peer] = []
                    try loop.runUntilComplete {
                        let service = try await Service.start(loop) { StreamRecorder(loop) }
                        try await loop.turns(2)
                        peers = try (0..<5).map { _ in try service.connect() }
                        try loop.enterOnly(for: .milliseconds(20))
                    }
                    try loop.close()
                    for peer in peers {
                        var byte: UInt8 = 0
                        let count = recv(peer.socket.fileDescriptor, &byte, 1, 0)
                        #expect(count == 0 || errno == ECONNRESET, "the connection is open: \(count) \(errno)")
                    }
                }
            }

            /// A multishot accept that ends is armed again, whatever the reason.
            @Test func accept_continues_whenEachMultishotEndsAfterOneConnection() async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.singleShot, into: .acceptMultishot)
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    for number in 0..<30 {
                        let peer = try service.connect()
                        #expect(
                            try await peer.exchange(Pattern.bytes(100, at: number)) == Pattern.bytes(100, at: number))
                        peer.close()
                    }
                    #expect(plan.strikes >= 30)
                    try await service.end()
                }
            }

            /// Errors that do not concern the listening socket cause neither a delay nor a report.
            @Test(arguments: [Errno.connectionAborted, .interrupted, .resourceTemporarilyUnavailable])
            func accept_continuesAtOnce_afterAnErrorOfThePeer(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in 1...3 { plan.inject(.refuse(errno), into: .acceptMultishot, .number(number)) }
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let start = loop.time
                    #expect(try await service.connect().exchange([1, 2, 3]) == [1, 2, 3])
                    #expect(start.duration(to: loop.time) < .milliseconds(900))
                    #expect(plan.strikes == 3)
                    try await service.end()
                }
            }

            /// If the system is short of a resource, the failure is reported once and the accept retried after a
            /// delay, without spinning.
            @Test(arguments: [
                Errno.tooManyOpenFiles, .tooManyOpenFilesInSystem, .noMemory, .noBufferSpace, .canceled, .ioError,
            ])
            func accept_isReportedAndRetried_afterAnErrorOfTheSystem(_ errno: Errno) async throws {
                try await runLoop { loop, recorder in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: .acceptMultishot, .number(1))
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
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

            /// The completion of a successful accept is rewritten to a failure: the accepted descriptor must be
            /// closed.
            @Test func accept_leaksNothing_whenItsSuccessIsRewrittenToAnError() async throws {
                try await runLoop { loop, recorder in
                    let plan = loop.planFaults()
                    plan.inject(.rewrite(.connectionAborted), into: .acceptMultishot, .number(1))
                    let service = try await Service.start(loop) { EchoRecorder(loop) }
                    let lost = try service.connect()
                    #expect(try await endOf(lost))
                    #expect(try await service.connect().exchange([1]) == [1])
                    try await service.end()
                }
            }

            /// The kernel accepts no submission while the server closes.
            ///
            /// The accept that it gets later must not use a descriptor number that belongs to another socket by then.
            @Test(arguments: [Errno.resourceTemporarilyUnavailable, .resourceBusy, .interrupted])
            func acceptQueuedBeforeClose_doesNotTouchAReusedDescriptor(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    let first = try await Service.start(loop) { EchoRecorder(loop) }
                    plan.failEnter(with: errno, .number(1))
                    first.server.close()
                    // Takes the number of the closed socket, if it has been closed.
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
