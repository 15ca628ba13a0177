#if DEBUG
    import EventLoops
    import Glibc
    import Kernel
    import Proactor
    import TestSupport
    import Testing
    import Uring

    extension RingLoop {
        /// Receives of datagrams that the kernel ends or refuses.
        @Suite struct DatagramFaultTests {
            private static let kind = OperationKind.receiveMessageMultishot

            /// The kernel reports a lack of buffers although none has a reader, so no return would wake the channel.
            @Test(arguments: 1...4) func channel_continues_afterALackOfBuffers(_ number: Int) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(.noBufferSpace), into: Self.kind, .number(number))
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    // Empty datagrams: each ends a receive.
                    for count in 1...6 {
                        peer.send([], to: end.name)
                        try await loop.eventually("a datagram") { end.owner.received.count == count }
                    }
                    #expect(plan.strikes == 1)
                    #expect(end.owner.errors.isEmpty)
                    #expect(loop.driver.datagramBuffers.supplied == 128)
                    try await end.close(loop)
                }
            }

            /// A channel that waits for a buffer is paused, resumed and closed.
            @Test func starvedChannel_canBePaused_andClosed() async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.refuse(.noBufferSpace), into: Self.kind)
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    for _ in 0..<5 {
                        try await loop.turns(2)
                        end.channel.stopReceiving()
                        try await loop.turns(2)
                        end.channel.startReceiving()
                    }
                    loop.driver.ring.faults?.reset()
                    peer.send([1], to: end.name)
                    try await loop.eventually("a datagram") { end.owner.received == [[1]] }
                    loop.driver.ring.faults?.inject(.refuse(.noBufferSpace), into: Self.kind)
                    peer.send([], to: end.name)
                    try await loop.turns(3)
                    try await end.close(loop)
                }
            }

            /// An error is reported, and the receive is submitted again.
            @Test(arguments: [
                Errno.noRouteToHost, .networkDown, .noMemory, .connectionRefused, .notSupported, .invalidArgument,
            ])
            func error_isReported_andReceivingContinues(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: Self.kind, .number(1))
                    plan.inject(.refuse(errno), into: Self.kind, .number(3))
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    peer.send([], to: end.name)
                    peer.send([2], to: end.name)
                    try await loop.eventually("both arrive") { end.owner.received.count == 2 }
                    #expect(end.owner.errors == [errno, errno])
                    #expect(end.owner.failures.isEmpty)
                    try await end.close(loop)
                }
            }

            /// An error that repeats at once is reported once per turn: the receive is submitted with the turn.
            @Test func repeatedError_isReportedOncePerTurn() async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.refuse(.noMemory), into: Self.kind)
                    let end = try DatagramEnd(loop, DatagramSocket())
                    try await loop.turns(1)
                    for _ in 0..<20 {
                        let count = end.owner.errors.count
                        try await loop.turns(1)
                        #expect(end.owner.errors.count <= count + 1)
                    }
                    #expect(end.owner.errors.count > 5)
                    loop.driver.ring.faults?.reset()
                    try await end.close(loop)
                }
            }

            /// An error during a pause is reported afterwards, in its place.
            @Test func errorDuringAPause_isReportedAfterwards() async throws {
                try await runLoop { loop, _ in
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    let plan = loop.planFaults()
                    plan.inject(.refuse(.noRouteToHost), into: Self.kind, .number(1))
                    // Its end submits a receive that is refused.
                    peer.send([], to: end.name)
                    end.owner.whenReceived = { [unowned owner = end.owner] in
                        if owner.received.count == 1 { owner.whenReceived = {} }
                    }
                    try await loop.untilTurn("a datagram") { end.owner.received.count == 1 }
                    end.channel.stopReceiving()
                    try await loop.turns()
                    #expect(end.owner.errors.isEmpty)
                    peer.send([2], to: end.name)
                    end.channel.startReceiving()
                    try await loop.eventually("both are reported") {
                        end.owner.errors == [.noRouteToHost] && end.owner.received.count == 2
                    }
                    try await end.close(loop)
                }
            }

            @Test(arguments: [Errno.badFileDescriptor, .notSocket])
            func lostDescriptor_endsTheChannel(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.refuse(errno), into: Self.kind)
                    let end = try DatagramEnd(loop, DatagramSocket())
                    try await loop.eventually("the channel has failed") { !end.owner.failures.isEmpty }
                    try await loop.turns()
                    #expect(end.owner.failures == [errno])
                    #expect(end.owner.errors.isEmpty)
                    try await end.close(loop)
                }
            }

            /// Cancelled, interrupted: the channel goes on.
            @Test(arguments: [Errno.canceled, .interrupted, .resourceTemporarilyUnavailable])
            func transientEnd_isNotReported(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    loop.planFaults().inject(.refuse(errno), into: Self.kind, .number(1))
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    peer.send([1], to: end.name)
                    try await loop.eventually("a datagram") { end.owner.received == [[1]] }
                    #expect(end.owner.errors.isEmpty && end.owner.failures.isEmpty)
                    try await end.close(loop)
                }
            }

            /// A kernel or a policy that refuses the operation: datagrams are received when the socket is readable.
            @Test func refusedOperation_isEmulated() async throws {
                var configuration = ProactorConfiguration()
                configuration.pretence.refusedOperations = [Self.kind]
                try await runLoop(configuration) { loop, _ in
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    #expect(end.channel is ReadinessDatagramChannel)
                    #expect(loop.driver.datagramBuffers.supplied == 0)
                    try await exchange(loop, peer, end)
                    let support = loop.capabilities.operations.first { $0.name == "receive datagrams" }?.support
                    #expect(support == .emulated("IORING_OP_POLL_ADD and recvmmsg"))
                }
                try await runLoop { loop, _ in
                    let support = loop.capabilities.operations.first { $0.name == "receive datagrams" }?.support
                    #expect(support == .native("IORING_OP_RECVMSG (multishot)"))
                }
            }

            /// The buffers cannot be registered.
            @Test func lackOfAGroup_isNoError() async throws {
                try await runLoop { loop, _ in
                    let taken = try BufferRing(ring: loop.driver.ring, group: 1, count: 8, size: 64)
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    #expect(end.channel is ReadinessDatagramChannel)
                    try await exchange(loop, peer, end)
                    taken.unregister()
                }
            }

            private func exchange(_ loop: ProactorEventLoop, _ peer: DatagramSocket, _ end: DatagramEnd) async throws {
                for bytes in [[1], [], [2, 3]] as [[UInt8]] { peer.send(bytes, to: end.name) }
                try await loop.eventually("all arrive") { end.owner.received == [[1], [], [2, 3]] }
                end.owner.queue([4], to: peer.name)
                end.channel.send()
                try await loop.eventually("a datagram") { peer.receive() == [4] }
                try await end.close(loop)
            }
        }
    }
#endif
