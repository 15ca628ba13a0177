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
        /// Sends that are short, blocked, refused, or end during a close.
        @Suite struct SendTests {
            /// Short sends of every length: the next one starts where the kernel stopped.
            @Test func shortSends_keepTheOrder_atEveryLength() async throws {
                try await runLoop { loop, _ in
                    for limit in 1...40 {
                        let plan = loop.planFaults()
                        plan.inject(.clamp(limit), into: .send)
                        plan.inject(.clamp(limit), into: .sendMessage)
                        let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                        let bytes = Pattern.bytes(limit * 7 + 5, at: limit)
                        transport.write(bytes)
                        transport.close()
                        #expect(try await peer.receiveToEnd() == bytes)
                        try await loop.eventually("lost") { connection.losses.count == 1 }
                        #expect(plan.strikes >= 8)
                    }
                }
            }

            /// As above, for sends that gather several runs: the kernel may stop within any of them.
            @Test func shortGatheredSends_keepTheOrder_atEveryLength() async throws {
                try await runLoop { loop, _ in
                    // Arrays of this size are kept instead of copied, so each is a run of its own.
                    let pieces = (0..<3).map { Pattern.bytes(16 * 1024 + $0, at: $0) }
                    let whole = pieces.flatMap { $0 }
                    for limit in [1500, 4096, 16 * 1024, 16 * 1024 + 1, 20_000, 32 * 1024 + 1, 40_000] {
                        let plan = loop.planFaults()
                        plan.inject(.clamp(limit), into: .send)
                        plan.inject(.clamp(limit), into: .sendMessage)
                        let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                        transport.writeLines(pieces)
                        transport.writeEOF()
                        #expect(try await peer.receiveToEnd() == whole, "at most \(limit) bytes per send")
                        #expect(plan.strikes >= whole.count / limit)
                        peer.close()
                        try await loop.eventually("lost") { connection.losses.count == 1 }
                    }
                }
            }

            /// Several writes wait behind a full socket buffer.
            @Test func writes_keepTheirOrder_behindAFullSocketBuffer() async throws {
                try await runLoop { loop, _ in
                    let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                    try peer.socket.setOption(SO_RCVBUF, level: SOL_SOCKET, to: 4096)
                    let pieces = (0..<4).map { Pattern.bytes(300_000 + $0, at: $0) }
                    for piece in pieces {
                        transport.write(piece)
                        try await loop.sleep(for: .milliseconds(5))
                    }
                    #expect(transport.writeBufferSize > 0, "no write had to wait")
                    #expect(try await peer.receive(pieces.map(\.count).reduce(0, +)) == pieces.flatMap { $0 })
                    try await loop.eventually("sent") { transport.writeBufferSize == 0 }
                    peer.close()
                    try await loop.eventually("lost") { connection.losses.count == 1 }
                }
            }

            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable])
            func send_isRepeated_afterATransientError(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in [1, 2, 5] { plan.inject(.refuse(errno), into: .send, .number(number)) }
                    let (echo, _, peer) = try await pair(loop) { EchoRecorder(loop) }
                    for seed in 0..<6 {
                        #expect(try await peer.exchange(Pattern.bytes(99, at: seed)) == Pattern.bytes(99, at: seed))
                    }
                    #expect(plan.strikes == 3)
                    peer.close()
                    try await loop.eventually("lost") { echo.losses.count == 1 }
                }
            }

            /// Any other error drops the queue and ends the connection, once.
            @Test(arguments: [Errno.brokenPipe, .connectionReset, .canceled, .noBufferSpace, .noMemory])
            func send_endsTheConnectionOnce_onAnyOtherError(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: .send, .number(1))
                    plan.inject(.refuse(errno), into: .receiveMultishot, .number(2))
                    let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                    transport.write(Pattern.bytes(100))
                    try await loop.turns(1)
                    transport.write(Pattern.bytes(100))
                    try await loop.eventually("lost") { !connection.losses.isEmpty }
                    #expect(transport.writeBufferSize == 0)
                    transport.write(Pattern.bytes(100))
                    transport.close()
                    transport.abort()
                    #expect(try await peer.receiveToEnd() == [])
                    try await loop.turns(5)
                    #expect(connection.losses.count == 1)
                    #expect(connection.errno == errno)
                }
            }

            /// Memory of a send in flight stays untouched until its completion.
            ///
            /// If the abort returned the runs, the later writes would overwrite them.
            @Test func abort_duringAGatheredSend_sendsNoBytesOfLaterWrites() async throws {
                try await runLoop { loop, _ in
                    for _ in 0..<10 {
                        let (first, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                        let pieces = (0..<40).map { Pattern.bytes(16 * 1024, at: $0) }
                        transport.writeLines(pieces)
                        try await loop.turns(2)
                        #expect(transport.writeBufferSize > 0, "the send is no longer in flight")
                        transport.abort()
                        let (second, other, otherPeer) = try await pair(loop) { StreamRecorder(loop) }
                        other.writeLines((0..<40).map { [UInt8](repeating: UInt8($0), count: 500) })
                        let whole = pieces.flatMap { $0 }
                        let received = try await peer.receiveToEnd()
                        #expect(received == Array(whole.prefix(received.count)))
                        other.abort()
                        otherPeer.close()
                        try await loop.eventually("lost") { first.losses.count == 1 && second.losses.count == 1 }
                        #expect(first.errno == nil)
                    }
                }
            }

            /// Bytes written before `close` are sent, however slowly the peer reads.
            @Test func close_duringASend_sendsTheRestFirst() async throws {
                try await runLoop { loop, _ in
                    let (connection, transport, peer) = try await pair(loop) { StreamRecorder(loop) }
                    let bytes = Pattern.bytes(3 << 20)
                    transport.write(bytes)
                    try await loop.turns(3)
                    transport.close()
                    transport.write([1, 2, 3])
                    try await loop.sleep(for: .milliseconds(20))
                    #expect(connection.losses.isEmpty, "lost before everything was sent")
                    #expect(try await peer.receiveToEnd() == bytes)
                    try await loop.eventually("lost") { connection.losses.count == 1 }
                    #expect(connection.errno == nil)
                }
            }
        }
    }
#endif
