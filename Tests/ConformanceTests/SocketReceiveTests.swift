import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    @Suite struct SocketReceiving {
        /// SOCK-001, SOCK-028.
        @Test(arguments: SocketLoop.allCases)
        func sockRecv_returnsWhatIsAvailable_orWaits(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    try peer.sendNow([1, 2, 3, 4, 5])
                    #expect(try await loop.sockRecv(socket, 3) == [1, 2, 3])
                    #expect(try await loop.sockRecv(socket, 100) == [4, 5])
                    let waiting = loop.createTask { try await loop.sockRecv(socket, 100) }
                    try await loop.turns()
                    #expect(!waiting.isDone)
                    try peer.sendNow([6])
                    #expect(try await waiting.value == [6])
                    peer.close()
                    #expect(try await loop.sockRecv(socket, 100) == [])
                    #expect(try await loop.sockRecv(socket, 100) == [])
                }
            }
        }

        /// SOCK-002.
        @Test(arguments: SocketLoop.allCases)
        func sockRecvInto_fillsTheCallersMemory(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                let memory = ReceiveMemory(8)
                let waiting = loop.createTask { try await loop.sockRecvInto(socket, memory.bytes) }
                try await loop.turns()
                #expect(memory.isUntouched)
                try peer.sendNow([1, 2, 3])
                #expect(try await waiting.value == 3)
                #expect(memory.prefix(4) == [1, 2, 3, 0xEE])
                var bytes: [UInt8] = [0, 0, 0, 0]
                try peer.sendNow([4, 5, 6, 7, 8])
                let count = try await Self.fill(&bytes, from: socket, loop)
                #expect(count == 4 && bytes == [4, 5, 6, 7])
                peer.close()
                #expect(try await loop.sockRecvInto(socket, memory.bytes) == 1)
                #expect(try await loop.sockRecvInto(socket, memory.bytes) == 0)
            }
        }

        private static func fill(
            _ bytes: inout [UInt8], from socket: Socket, _ loop: any AbstractEventLoop
        ) async throws -> Int {
            var span = bytes.mutableSpan
            var memory = span.mutableBytes
            return try await loop.sockRecvInto(socket, &memory)
        }

        /// SOCK-009, SOCK-010, SOCK-011.
        @Test(arguments: SocketLoop.allCases)
        func datagrams_arriveWithTheirSender(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = (try Socket.boundDatagram(), try Socket.boundDatagram())
                let waiting = loop.createTask { try await loop.sockRecvFrom(other, 100) }
                try await loop.turns()
                #expect(try await loop.sockSendTo(one, [1, 2, 3], other.localAddress) == 3)
                let (received, sender) = try await waiting.value
                #expect(try received == [1, 2, 3] && sender == one.localAddress)
                // An empty datagram, and one that does not fit.
                #expect(try await loop.sockSendTo(one, [], other.localAddress) == 0)
                #expect(try await loop.sockRecvFrom(other, 100).0 == [])
                let bytes: [UInt8] = [1, 2, 3, 4]
                #expect(try await loop.sockSendTo(one, bytes.span.bytes, other.localAddress) == 4)
                #expect(try await loop.sockRecvFrom(other, 2).0 == [1, 2])
                try await Self.receiveInto(other, from: one, loop)
            }
        }

        private static func receiveInto(
            _ other: Socket, from one: Socket, _ loop: any AbstractEventLoop
        ) async throws {
            let memory = ReceiveMemory(4)
            for (limit, count) in [(0, 4), (4, 4), (2, 2)] {
                try await loop.sockSendTo(one, [1, 2, 3, 4, 5], other.localAddress)
                let (received, sender) = try await loop.sockRecvFromInto(other, memory.bytes, nbytes: limit)
                #expect(try received == count && sender == one.localAddress)
                #expect(memory.prefix(count) == [1, 2, 3, 4].prefix(count).map { $0 })
            }
            var array: [UInt8] = [0, 0, 0, 0]
            try await loop.sockSendTo(one, [6, 7], other.localAddress)
            var span = array.mutableSpan
            var memorySpan = span.mutableBytes
            let (count, sender) = try await loop.sockRecvFromInto(other, &memorySpan)
            #expect(try count == 2 && sender == one.localAddress)
            #expect(array == [6, 7, 0, 0])
            for limit in [5, -1] {
                await expectLoopErrorLater(.invalidArgument) {
                    try await loop.sockRecvFromInto(other, memory.bytes, nbytes: limit)
                }
            }
        }

        /// SOCK-031.
        @Test(arguments: SocketLoop.allCases)
        func sockRecv_ofNothing_returnsAtOnce(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                #expect(try await loop.sockRecv(socket, 0) == [])
                #expect(try await loop.sockRecvInto(socket, UnsafeMutableRawBufferPointer(start: nil, count: 0)) == 0)
                await expectLoopErrorLater(.invalidArgument) { try await loop.sockRecv(socket, -1) }
                await expectLoopErrorLater(.invalidArgument) { try await loop.sockRecvFrom(socket, -1) }
                try peer.sendNow([1])
                #expect(try await loop.sockRecv(socket, .max) == [1])
            }
        }

        /// SOCK-030.
        @Test(arguments: SocketLoop.allCases)
        func closedSocket_isRefused(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
                for wasUsed in [false, true] {
                    let (socket, peer) = try Socket.pair()
                    try peer.sendNow([1])
                    if wasUsed { _ = try await loop.sockRecv(socket, 1) }
                    socket.close()
                    await expectSocketEnded(loop.createTask { try await loop.sockRecv(socket, 1) }, "sockRecv")
                    await expectSocketEnded(loop.createTask { try await loop.sockSendAll(socket, [1]) }, "sockSendAll")
                    await expectSocketEnded(loop.createTask { try await loop.sockAccept(socket) }, "sockAccept")
                    await expectSocketEnded(
                        loop.createTask { try await loop.sockSendTo(socket, [1], address) }, "sockSendTo")
                    await expectSocketEnded(
                        loop.createTask { try await loop.sockConnect(socket, host: "127.0.0.1", port: 1) },
                        "sockConnect")
                }
                // A descriptor that is not open.
                let never = Socket(takingOwnershipOf: 9_999)
                await expectLoopErrorLater(.system) { try await loop.sockRecv(never, 1) }
                #expect(never.detach() == 9_999)
            }
        }

        /// SOCK-025.
        ///
        /// asyncio's second call on a selector makes the first one wait forever.
        @Test(arguments: SocketLoop.allCases)
        func calls_areServedInOrder(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                let tasks = (0..<6).map { _ in loop.createTask { try await loop.sockRecv(socket, 2) } }
                try await loop.turns()
                tasks[1].cancel()
                tasks[4].cancel()
                try await loop.turns()
                #expect(tasks.map(\.isDone) == [false, true, false, false, true, false])
                try peer.sendNow([0, 0, 2, 2, 3, 3, 5, 5])
                for number in [0, 2, 3, 5] {
                    #expect(try await tasks[number].value == [UInt8(number), UInt8(number)])
                }
                for number in [1, 4] { await expectCancelled(tasks[number]) }
            }
        }

        /// The peer's reset is reported once by the kernel: a cancelled task must not take it away.
        @Test(arguments: SocketLoop.allCases)
        func reset_isReported(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for turns in [nil, 0, 1, 2] {
                    let (socket, peer) = try RawPeer.pair()
                    let waiting = loop.createTask { try await loop.sockRecv(socket, 10) }
                    try await loop.turns()
                    peer.reset()
                    if let turns {
                        try await loop.turns(turns)
                        waiting.cancel()
                    }
                    let result = loop.createTask {
                        do { return try await waiting.value } catch is CancellationError {
                            return try await loop.sockRecv(socket, 10)
                        }
                    }
                    let error = await #expect(throws: EventLoopError.self) { try await result.value }
                    #expect(error?.errno == .connectionReset)
                }
            }
        }
    }
}
