#if DEBUG
    import EventLoops
    import Kernel
    import Proactor
    import TestSupport
    import Testing

    extension Conformance {
        /// Kernel errors that cannot be provoked, and are therefore injected, on every kind of loop.
        @Suite struct Faults {
            @Test(arguments: LoopKind.allCases)
            func connect_throwsTheKernelsError_andClosesTheSocket(_ kind: LoopKind) async throws {
                try await runLoop(kind) { loop, _ in
                    let listener = try RawListener()
                    defer { listener.close() }
                    let faults = LoopFaults(loop)
                    defer { faults.remove() }
                    for errno in [Errno.networkUnreachable, .timedOut, .noMemory] {
                        faults.inject(.refuse(errno), into: .connect, 1)
                        let error = try await loopError {
                            try await loop.createConnection(host: "127.0.0.1", port: listener.port) {
                                StreamRecorder(loop)
                            }
                        }
                        #expect(error.operation == "connect" && error.errno == errno)
                    }
                    #expect(faults.strikes == 3)
                }
            }

            @Test(arguments: LoopKind.allCases)
            func receive_thatFails_losesTheConnection(_ kind: LoopKind) async throws {
                try await Self.receive(kind, [1, 2, 3], .refuse(.connectionReset), 1) { told in
                    try await told.waitUntilLost()
                    #expect((told.loss as? EventLoopError)?.errno == .connectionReset)
                    #expect(told.total == 0)
                }
            }

            @Test(arguments: LoopKind.allCases)
            func receives_thatAreShort_deliverEverything(_ kind: LoopKind) async throws {
                try await Self.receive(kind, Pattern.bytes(500), .limit(7), nil) { told in
                    try await told.wait { told.total == 500 }
                    #expect(told.received == Pattern.bytes(500))
                }
            }

            /// Makes a connection to a peer that has sent bytes, while its receives fail or are short.
            private static func receive(
                _ kind: LoopKind, _ bytes: [UInt8], _ fault: LoopFaults.Fault, _ number: Int?,
                _ body: @escaping @Sendable (StreamRecorder) async throws -> Void
            ) async throws {
                try await runLoop(kind) { loop, _ in
                    let (socket, peer) = try RawPeer.pair()
                    defer { peer.close() }
                    try await onThread { try peer.send(bytes) }
                    let faults = LoopFaults(loop)
                    defer { faults.remove() }
                    faults.inject(fault, into: .receive, number)
                    let (transport, told) = try await loop.createConnection(socket: socket) { StreamRecorder(loop) }
                    try await body(told)
                    #expect(faults.strikes > 0)
                    transport.abort()
                    if !told.isLost { try await told.waitUntilLost() }
                }
            }

            @Test(arguments: LoopKind.allCases)
            func send_thatFails_losesTheConnection_withItsError(_ kind: LoopKind) async throws {
                try await withLink(kind) { link in
                    let faults = LoopFaults(link.loop)
                    defer { faults.remove() }
                    faults.inject(.refuse(.brokenPipe), into: .send, 1)
                    link.transport.write([1, 2, 3])
                    try await link.told.waitUntilLost()
                    #expect((link.told.loss as? EventLoopError)?.errno == .brokenPipe)
                    #expect(faults.strikes == 1)
                }
            }

            /// A signal may arrive at any time.
            @Test(arguments: LoopKind.allCases)
            func wait_thatIsInterrupted_goesOn(_ kind: LoopKind) async throws {
                try await runLoop(kind) { loop, _ in
                    let faults = LoopFaults(loop)
                    defer { faults.remove() }
                    for number in 1...5 { faults.inject(.refuse(.interrupted), into: .wait, number) }
                    let began = loop.time
                    for _ in 0..<10 { try await loop.sleep(for: .milliseconds(1)) }
                    #expect(began.duration(to: loop.time) >= .milliseconds(10))
                    #expect(faults.strikes == 5)
                }
            }

            @Test(arguments: LoopKind.allCases)
            func wait_thatFails_endsTheRun_andTheLoopCanRunAgain(_ kind: LoopKind) async throws {
                try await withLoop(kind) { loop, _ in
                    let faults = LoopFaults(loop)
                    faults.inject(.refuse(.badAddress), into: .wait, 1)
                    loop.callLater(.milliseconds(1)) { loop.stop() }
                    do {
                        try loop.runForever()
                        Issue.record("the run did not fail")
                    } catch let error as EventLoopError { #expect(error.errno == .badAddress) }
                    faults.remove()
                    #expect(faults.strikes == 1)
                    try loop.runForever()
                }
            }
        }
    }
#endif
