import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Cancelling a call loses no byte, repeats none, and leaves the caller's memory alone.
    @Suite struct SocketCancellation {
        /// SOCK-015.
        @Test(arguments: SocketLoop.allCases)
        func cancelledReceive_endsPromptly_andTheSocketIsUsable(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    for number in 0..<3 {
                        let waiting = loop.createTask { try await loop.sockRecv(socket, 10) }
                        try await loop.turns(number)
                        await expectCancelled(waiting)
                    }
                    try peer.sendNow([1, 2])
                    #expect(try await loop.sockRecv(socket, 10) == [1, 2])
                }
            }
        }

        /// SOCK-015.
        ///
        /// Tasks that the loop does not own are cancelled through a handler.
        @Test(arguments: SocketLoop.allCases)
        func childTask_isCancelledAlone(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                for _ in 0..<3 {
                    let isCancelled = await withTaskGroup(of: Bool.self) { group in
                        group.addTask {
                            do { _ = try await loop.sockRecv(socket, 10) } catch { return error is CancellationError }
                            return false
                        }
                        try? await loop.turns()
                        group.cancelAll()
                        return await group.next()
                    }
                    #expect(isCancelled == true)
                }
                try peer.sendNow([1])
                #expect(try await loop.sockRecv(socket, 10) == [1])
            }
        }

        /// SOCK-016.
        ///
        /// The bytes have arrived when the task is cancelled: the next calls get them, in order and in parts.
        @Test(arguments: SocketLoop.allCases)
        func bytesOfACancelledReceive_goToTheNextOne(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                for (stream, turns) in [(StreamKind.tcp, 0), (.tcp, 1), (.unix, 0), (.unix, 1)] {
                    let (socket, peer) = try stream.pair()
                    let first = loop.createTask { try await loop.sockRecv(socket, 10) }
                    let second = loop.createTask { try await loop.sockRecv(socket, 3) }
                    try await loop.turns()
                    try peer.sendNow([1, 2, 3, 4, 5])
                    // In the next turn, the bytes are received before the task is cancelled.
                    try await loop.turns(turns)
                    await expectCancelled(first)
                    try peer.sendNow([6])
                    #expect(try await second.value == [1, 2, 3])
                    let memory = ReceiveMemory(1)
                    #expect(try await loop.sockRecvInto(socket, memory.bytes) == 1)
                    #expect(memory.prefix(1) == [4])
                    var rest = try await loop.sockRecv(socket, 10)
                    if rest == [5] { rest += try await loop.sockRecv(socket, 10) }
                    #expect(rest == [5, 6])
                }
            }
        }

        /// SOCK-016, SOCK-021.
        @Test(arguments: SocketLoop.allCases)
        func datagramOfACancelledReceive_goesToTheNextOne_asAWhole(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = (try Socket.boundDatagram(), try Socket.boundDatagram())
                for (datagram, turns) in [([1, 2, 3], 0), ([1, 2, 3], 1), ([], 0), ([], 1)] as [([UInt8], Int)] {
                    let waiting = loop.createTask { try await loop.sockRecvFrom(other, 10) }
                    try await loop.turns()
                    _ = try datagram.withUnsafeBytes {
                        try SocketCalls.sendTo(one.fileDescriptor, $0, to: other.localAddress)
                    }
                    try await loop.turns(turns)
                    await expectCancelled(waiting)
                    let (bytes, sender) = try await loop.sockRecvFrom(other, 2)
                    #expect(try bytes == Array(datagram.prefix(2)) && sender == one.localAddress)
                }
                #expect(try other.receiveNow() == nil)
                try await loop.sockSendTo(one, [9], other.localAddress)
                #expect(try await loop.sockRecvFrom(other, 10).0 == [9])
            }
        }

        /// SOCK-017.
        @Test(arguments: SocketLoop.allCases)
        func cancelledReceive_writesNothingAfterItReturned(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try Socket.pair()
                for arrivesBefore in [false, true] {
                    let memory = ReceiveMemory(16)
                    let waiting = loop.createTask { try await loop.sockRecvInto(socket, memory.bytes) }
                    try await loop.turns()
                    if arrivesBefore {
                        try peer.sendNow([1, 2, 3])
                        try await loop.turns(1)
                    }
                    await expectCancelled(waiting)
                    memory.bytes.copyBytes(from: [UInt8](repeating: 0xEE, count: 16))
                    if !arrivesBefore { try peer.sendNow([1, 2, 3]) }
                    #expect(try await loop.sockRecv(socket, 10) == [1, 2, 3])
                    #expect(memory.isUntouched)
                }
            }
        }

        /// SOCK-016, SOCK-017, STRESS-005.
        ///
        /// A peer sends a pattern; tasks of random kinds receive it and are cancelled at random moments.
        @Test(arguments: SocketLoop.allCases)
        func randomCancellations_loseNoByte(_ kind: SocketLoop) async throws {
            let seed = UInt64.random(in: 0..<1_000_000)
            try await runLoop(kind) { loop in
                for stream in StreamKind.allCases {
                    let (socket, peer) = try stream.pair()
                    let size = 300_000
                    let sending = loop.createTask {
                        var dice = SeededRandom(seed)
                        var sent = 0
                        while sent < size {
                            let count = min(size - sent, Int.random(in: 1...3_000, using: &dice))
                            try await loop.sockSendAll(peer, Pattern.bytes(count, at: sent))
                            sent += count
                            try await loop.turns(Int.random(in: 0..<2, using: &dice))
                        }
                        peer.close()
                    }
                    let total = try await Self.receiveCancelling(socket, loop, seed: seed)
                    #expect(total == size, "seed \(seed)")
                    try await sending.value
                }
            }
        }

        /// Receives until the end of the stream, and compares with the pattern; returns the number of bytes, or nil.
        private static func receiveCancelling(
            _ socket: Socket, _ loop: any AbstractEventLoop, seed: UInt64
        ) async throws -> Int? {
            var dice = SeededRandom(seed &+ 1)
            var total = 0
            let memory = ReceiveMemory(2_000)
            while true {
                let count = Int.random(in: 1...2_000, using: &dice)
                let copies = Bool.random(using: &dice)
                let task = loop.createTask {
                    if copies { return try await loop.sockRecv(socket, count) }
                    let bytes = UnsafeMutableRawBufferPointer(rebasing: memory.bytes[..<count])
                    return memory.prefix(try await loop.sockRecvInto(socket, bytes))
                }
                if Bool.random(using: &dice) {
                    try await loop.turns(Int.random(in: 0..<3, using: &dice))
                    task.cancel()
                }
                do {
                    let bytes = try await task.value
                    if bytes.isEmpty { return total }
                    guard bytes.withUnsafeBytes({ Pattern.matches($0, at: total) }) else { return nil }
                    total += bytes.count
                } catch { guard error is CancellationError else { throw error } }
            }
        }
    }
}
