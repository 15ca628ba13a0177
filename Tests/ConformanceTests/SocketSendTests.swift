import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct SocketSending {
        /// SOCK-003, SOCK-027, SOCK-028.
        ///
        /// The receiver is slow at first, so that the sender has to wait.
        @Test(arguments: SocketLoop.allCases)
        func sockSendAll_sendsEverything_toASlowReader(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    let size = 4 << 20
                    let sending = loop.createTask {
                        try await loop.sockSendAll(socket, Pattern.bytes(size))
                        socket.close()
                    }
                    try await loop.turns()
                    #expect(!sending.isDone)
                    var total = 0
                    while true {
                        let piece = try await loop.sockRecv(peer, total < 1000 ? 10 : 1 << 17)
                        if piece.isEmpty { break }
                        #expect(piece.withUnsafeBytes { Pattern.matches($0, at: total) })
                        total += piece.count
                    }
                    #expect(total == size)
                    try await sending.value
                }
            }
        }

        /// SOCK-003.
        ///
        /// Several tasks send at the same time: their bytes are not mixed.
        @Test(arguments: SocketLoop.allCases)
        func sends_doNotInterleave(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try StreamKind.tcp.pair()
                let (count, size) = (4, 1 << 19)
                let tasks = (0..<count).map { number in
                    loop.createTask {
                        try await loop.sockSendAll(socket, Array(repeating: UInt8(number), count: size))
                    }
                }
                for number in 0..<count {
                    let bytes = try await loop.receiveExactly(peer, size)
                    expectSame(bytes, Array(repeating: UInt8(number), count: size))
                }
                for task in tasks { try await task.value }
            }
        }

        /// SOCK-004.
        @Test(arguments: SocketLoop.allCases)
        func sockSendAll_ofNothing_returnsAtOnce(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                try await loop.sockSendAll(socket, [])
                let bytes: [UInt8] = [1, 2]
                try await loop.sockSendAll(socket, bytes.span.bytes)
                #expect(try peer.receiveNow() == [1, 2])
            }
        }

        /// SOCK-004.
        @Test(arguments: SocketLoop.allCases)
        func sockSendAll_ofNothing_isADatagram_whereThereAreDatagrams(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = (try Socket.boundDatagram(), try Socket.boundDatagram())
                try await loop.sockConnect(one, other.localAddress)
                for (sender, receiver) in [(one, other), try Socket.pair(type: Socket.datagram)] {
                    for datagram: [UInt8] in [[], [1], []] {
                        try await loop.sockSendAll(sender, datagram)
                        #expect(try receiver.receiveNow() == datagram)
                    }
                }
            }
        }

        /// SOCK-005.
        @Test(arguments: SocketLoop.allCases)
        func sockSendAll_toALostPeer_isAnErrorWithoutASignal(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    resetOnClose(peer.fileDescriptor)
                    peer.close()
                    let task = loop.createTask {
                        while true { try await loop.sockSendAll(socket, Pattern.bytes(100)) }
                    }
                    let error = await #expect(throws: EventLoopError.self) { try await task.value }
                    #expect(error?.errno == .brokenPipe || error?.errno == .connectionReset)
                    #expect(error?.operation == "sockSendAll")
                }
            }
        }

        /// SOCK-011.
        ///
        /// A Unix datagram socket makes the sender wait while the receiver's queue is full.
        @Test(arguments: SocketLoop.allCases)
        func sockSendTo_waits_whileTheBufferIsFull(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let receiver = try Socket(family: .unix, type: Socket.datagram)
                try receiver.bind(to: SocketAddress(unixPath: ""))
                let sender = try Socket(family: .unix, type: Socket.datagram)
                let address = try receiver.localAddress
                let count = 200
                let sending = loop.createTask {
                    for number in 0..<count {
                        try await loop.sockSendTo(sender, [UInt8(truncatingIfNeeded: number)], address)
                    }
                }
                try await loop.turns(20)
                #expect(!sending.isDone)
                for number in 0..<count {
                    let received = try await loop.sockRecv(receiver, 10)
                    #expect(received == [UInt8(truncatingIfNeeded: number)])
                }
                try await sending.value
            }
        }

        /// SOCK-011.
        ///
        /// On a ring, the kernel would send empty datagrams if the operation waited there.
        @Test(arguments: SocketLoop.allCases)
        func sockSendAll_toAConnectedReceiver_waitsAndLosesNothing(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let receiver = try Socket(family: .unix, type: Socket.datagram)
                try receiver.bind(to: SocketAddress(unixPath: ""))
                let sender = try Socket(family: .unix, type: Socket.datagram)
                try await loop.sockConnect(sender, receiver.localAddress)
                let count = 200
                let sending = loop.createTask {
                    for number in 0..<count { try await loop.sockSendAll(sender, [UInt8(truncatingIfNeeded: number)]) }
                }
                try await loop.turns(20)
                #expect(!sending.isDone)
                for number in 0..<count {
                    let received = try await loop.sockRecv(receiver, 10)
                    #expect(received == [UInt8(truncatingIfNeeded: number)])
                }
                try await sending.value
                // Closing ends a sender that waits for its receiver.
                let waiting = loop.createTask { while true { try await loop.sockSendAll(sender, [1]) } }
                let addressed = try Socket(family: .unix, type: Socket.datagram)
                let address = try receiver.localAddress
                let pausing = loop.createTask { while true { try await loop.sockSendTo(addressed, [1], address) } }
                try await loop.sleep(for: .milliseconds(5))
                sender.close()
                addressed.close()
                await expectSocketEnded(waiting, "sockSendAll")
                await expectSocketEnded(pausing, "sockSendTo")
            }
        }

        /// SOCK-018.
        @Test(arguments: SocketLoop.allCases)
        func cancelledSend_keepsWhatWasSent_andTheNextOneWorks(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    let size = 4 << 20
                    let sending = loop.createTask { try await loop.sockSendAll(socket, Pattern.bytes(size)) }
                    let waiting = loop.createTask { try await loop.sockSendAll(socket, [1, 2, 3]) }
                    try await loop.turns()
                    await expectCancelled(sending)
                    let rest = loop.createTask {
                        try await waiting.value
                        try await loop.sockSendAll(socket, [4])
                        socket.close()
                    }
                    let all = try await loop.receiveExactly(peer, .max)
                    try await rest.value
                    #expect(all.suffix(4) == [1, 2, 3, 4])
                    #expect(all.count < size)
                    #expect(all.dropLast(4).withUnsafeBytes { Pattern.matches($0, at: 0) })
                }
            }
        }

        /// SOCK-021.
        @Test(arguments: SocketLoop.allCases)
        func cancelledDatagramCalls_leaveTheSocketUsable(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let receiver = try Socket(family: .unix, type: Socket.datagram)
                try receiver.bind(to: SocketAddress(unixPath: ""))
                let sender = try Socket(family: .unix, type: Socket.datagram)
                let address = try receiver.localAddress
                let receiving = loop.createTask { try await loop.sockRecvFrom(receiver, 10) }
                try await loop.turns()
                await expectCancelled(receiving)
                let sent = SharedCount()
                let sending = loop.createTask {
                    while true {
                        try await loop.sockSendTo(sender, [7], address)
                        sent.increment()
                    }
                }
                #expect(try await loop.settled { sent.value } > 0)
                await expectCancelled(sending)
                for _ in 0..<sent.value { #expect(try await loop.sockRecvFrom(receiver, 10).0 == [7]) }
                #expect(try receiver.receiveNow() == nil)
                #expect(try await loop.sockSendTo(sender, [8], address) == 1)
                #expect(try await loop.sockRecvFrom(receiver, 10).0 == [8])
            }
        }

        /// SOCK-026.
        @Test(arguments: SocketLoop.allCases)
        func bothDirections_areIndependent(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try StreamKind.tcp.pair()
                let size = 2 << 20
                let tasks = [one, other].flatMap { socket in
                    [
                        loop.createTask {
                            try await loop.sockSendAll(socket, Pattern.bytes(size))
                            return true
                        },
                        loop.createTask {
                            try await loop.receiveExactly(socket, size).withUnsafeBytes {
                                Pattern.matches($0, at: 0) && $0.count == size
                            }
                        },
                    ]
                }
                for task in tasks { #expect(try await task.value) }
            }
        }
    }
}
