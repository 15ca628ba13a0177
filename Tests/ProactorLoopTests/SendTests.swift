#if DEBUG
    import EventLoops
    import Glibc
    import Kernel
    import Proactor
    import ProactorTesting
    import Testing
    import Uring

    extension RingLoop {
        /// io_uring 15.4.
        @Suite struct SendTests {
            /// Short results at every length: the rest goes on from where the kernel stopped.
            @Test func shortSends_keepTheOrder_atEveryLength() async throws {
                try await runLoop { loop, _ in
                    for limit in 1...40 {
                        let plan = loop.planFaults()
                        plan.inject(.clamp(limit), into: .send)
                        plan.inject(.clamp(limit), into: .sendMessage)
                        let (connection, transport, peer) = try await pair(loop) { Recorder() }
                        let bytes = pattern(limit * 7 + 5, seed: limit)
                        transport.write(bytes)
                        transport.close()
                        #expect(try await peer.receiveToEnd() == bytes)
                        try await loop.until("lost") { connection.losses.count == 1 }
                        #expect(plan.strikes >= 8)
                    }
                }
            }

            /// As above, for sends that gather several runs: the stop may be in the middle of any of them.
            @Test func shortGatheredSends_keepTheOrder_atEveryLength() async throws {
                try await runLoop { loop, _ in
                    // Arrays of this size are kept and not copied, so each is a run of its own.
                    let pieces = (0..<3).map { pattern(16 * 1024 + $0, seed: $0) }
                    let whole = pieces.flatMap { $0 }
                    for limit in [1500, 4096, 16 * 1024, 16 * 1024 + 1, 20_000, 32 * 1024 + 1, 40_000] {
                        let plan = loop.planFaults()
                        plan.inject(.clamp(limit), into: .send)
                        plan.inject(.clamp(limit), into: .sendMessage)
                        let (connection, transport, peer) = try await pair(loop) { Recorder() }
                        transport.writeLines(pieces)
                        transport.writeEOF()
                        #expect(try await peer.receiveToEnd() == whole, "at most \(limit) a send")
                        #expect(plan.strikes >= whole.count / limit)
                        peer.close()
                        try await loop.until("lost") { connection.losses.count == 1 }
                    }
                }
            }

            /// io_uring 16: a socket buffer that is full, and several writes behind it.
            @Test func writes_keepTheirOrder_behindAFullSocketBuffer() async throws {
                try await runLoop { loop, _ in
                    let (connection, transport, peer) = try await pair(loop) { Recorder() }
                    try peer.socket.setOption(SO_RCVBUF, level: SOL_SOCKET, to: 4096)
                    let pieces = (0..<4).map { pattern(300_000 + $0, seed: $0) }
                    for piece in pieces {
                        transport.write(piece)
                        try await loop.sleep(for: .milliseconds(5))
                    }
                    #expect(transport.writeBufferSize > 0, "nothing had to wait")
                    #expect(try await peer.receive(pieces.map(\.count).reduce(0, +)) == pieces.flatMap { $0 })
                    try await loop.until("sent") { transport.writeBufferSize == 0 }
                    peer.close()
                    try await loop.until("lost") { connection.losses.count == 1 }
                }
            }

            @Test(arguments: [Errno.interrupted, .resourceTemporarilyUnavailable])
            func send_isRepeated_afterAnErrorThatPasses(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    for number in [1, 2, 5] { plan.inject(.refuse(errno), into: .send, .number(number)) }
                    let (echo, _, peer) = try await pair(loop) { Echo() }
                    for seed in 0..<6 {
                        #expect(try await peer.exchange(pattern(99, seed: seed)) == pattern(99, seed: seed))
                    }
                    #expect(plan.strikes == 3)
                    peer.close()
                    try await loop.until("lost") { echo.losses.count == 1 }
                }
            }

            /// Any other error drops the queue and ends the connection, told once.
            @Test(arguments: [Errno.brokenPipe, .connectionReset, .canceled, .noBufferSpace, .noMemory])
            func send_endsTheConnectionOnce_afterAnyOtherError(_ errno: Errno) async throws {
                try await runLoop { loop, _ in
                    let plan = loop.planFaults()
                    plan.inject(.refuse(errno), into: .send, .number(1))
                    plan.inject(.refuse(errno), into: .receiveMultishot, .number(2))
                    let (connection, transport, peer) = try await pair(loop) { Recorder() }
                    transport.write(pattern(100))
                    try await loop.turns(1)
                    transport.write(pattern(100))
                    try await loop.until("lost") { !connection.losses.isEmpty }
                    #expect(transport.writeBufferSize == 0)
                    transport.write(pattern(100))
                    transport.close()
                    transport.abort()
                    #expect(try await peer.receiveToEnd() == [])
                    try await loop.turns(5)
                    #expect(connection.losses.count == 1)
                    #expect(connection.errno == errno)
                }
            }

            /// R5, as far as it applies to sends that copy: what is being sent stays until the kernel has let go of it.
            ///
            /// Were the runs given back at the abort, the later writes would overwrite them.
            @Test func abort_duringAGatheredSend_sendsNoForeignBytes() async throws {
                try await runLoop { loop, _ in
                    for _ in 0..<10 {
                        let (first, transport, peer) = try await pair(loop) { Recorder() }
                        let pieces = (0..<40).map { pattern(16 * 1024, seed: $0) }
                        transport.writeLines(pieces)
                        try await loop.turns(2)
                        #expect(transport.writeBufferSize > 0, "the send is not in flight any more")
                        transport.abort()
                        let (second, other, otherPeer) = try await pair(loop) { Recorder() }
                        other.writeLines((0..<40).map { [UInt8](repeating: UInt8($0), count: 500) })
                        let whole = pieces.flatMap { $0 }
                        let received = try await peer.receiveToEnd()
                        #expect(received == Array(whole.prefix(received.count)))
                        other.abort()
                        otherPeer.close()
                        try await loop.until("lost") { first.losses.count == 1 && second.losses.count == 1 }
                        #expect(first.errno == nil)
                    }
                }
            }

            /// 15.4, 15.5: what was written before close is sent, however slowly it is taken.
            @Test func close_duringASend_sendsTheRestFirst() async throws {
                try await runLoop { loop, _ in
                    let (connection, transport, peer) = try await pair(loop) { Recorder() }
                    let bytes = pattern(3 << 20)
                    transport.write(bytes)
                    try await loop.turns(3)
                    transport.close()
                    transport.write([1, 2, 3])
                    try await loop.sleep(for: .milliseconds(20))
                    #expect(connection.losses.isEmpty, "lost before everything was sent")
                    #expect(try await peer.receiveToEnd() == bytes)
                    try await loop.until("lost") { connection.losses.count == 1 }
                    #expect(connection.errno == nil)
                }
            }
        }
    }
#endif
