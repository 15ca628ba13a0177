import EventLoops
import Kernel
import Proactor
import ProactorLoop
import TestSupport
import Testing
import Uring

extension RingLoop {
    /// How operations on sockets use the ring.
    @Suite struct SocketOperationTests {
        /// SOCK-001, SOCK-003.
        ///
        /// No operation polls first, whether it has to wait or not.
        @Test func eachCall_isOneSubmission() async throws {
            try await runLoop { loop, _ in
                let (socket, peer) = try Socket.pair()
                try await loop.sockSendAll(peer, [0])
                _ = try await loop.sockRecv(socket, 1)
                let before = loop.driver.ring.entriesSubmitted
                for _ in 0..<10 {
                    let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                    try await loop.turns()
                    try await loop.sockSendAll(peer, [1, 2, 3])
                    #expect(try await receiving.value == [1, 2, 3])
                }
                #expect(loop.driver.ring.entriesSubmitted - before == 20)
            }
        }

        /// SOCK-011.
        ///
        /// A datagram of a Unix socket that waited in the kernel would arrive empty.
        @Test func unixDatagram_doesNotWaitInTheKernel() async throws {
            try await runLoop { loop, _ in
                let receiver = try Socket(family: .unix, type: Socket.datagram)
                try receiver.bind(to: SocketAddress(unixPath: ""))
                let sender = try Socket(family: .unix, type: Socket.datagram)
                let address = try receiver.localAddress
                let sending = loop.createTask {
                    for number in 0..<30 { try await loop.sockSendTo(sender, [UInt8(number)], address) }
                }
                try await loop.sleep(for: .milliseconds(5))
                #expect(!sending.isDone)
                let isSending = loop.pendingOperations.contains { $0.call == OperationKind.sendMessage.name }
                #expect(!isSending)
                for number in 0..<30 { #expect(try await loop.sockRecv(receiver, 10) == [UInt8(number)]) }
                try await sending.value
            }
        }

        /// SOCK-016, SOCK-033.
        ///
        /// The receive completes in the kernel before its cancellation is submitted.
        @Test func receiveThatCompletedUnseen_handsItsBytesOn() async throws {
            try await runLoop { loop, _ in
                for isClosed in [false, true] {
                    let (socket, peer) = try Socket.pair()
                    let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                    try await loop.turns()
                    let bytes: [UInt8] = [1, 2, 3]
                    _ = try bytes.withUnsafeBytes { try SocketCalls.send(peer.fileDescriptor, $0, waits: false) }
                    // Completes the receive, and leaves the completion unreaped.
                    try loop.enterOnly(for: .milliseconds(5))
                    receiving.cancel()
                    if isClosed { socket.close() }
                    await #expect(throws: CancellationError.self) { try await receiving.value }
                    if !isClosed { #expect(try await loop.sockRecv(socket, 100) == [1, 2, 3]) }
                }
            }
        }
    }
}
