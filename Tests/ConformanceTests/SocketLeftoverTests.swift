import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// What a call that was cancelled leaves in its socket affects no later call that it does not concern.
    @Suite struct SocketLeftovers {
        /// SOCK-019.
        ///
        /// The attempt of the first call succeeds, even if it is cancelled: a call for another address must not report
        /// success.
        @Test(arguments: SocketLoop.allCases)
        func connectAfterAnother_isNeverMistakenForSuccess(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (first, second) = (try Socket.listening(), try Socket.listening())
                var refusals = 0
                for turns in 0..<4 {
                    let client = try Socket(family: .ipv4)
                    let connecting = loop.createTask { try await loop.sockConnect(client, first.localAddress) }
                    try await loop.turns(turns)
                    connecting.cancel()
                    var isConnected = false
                    do {
                        try await connecting.value
                        isConnected = true
                    } catch { #expect(error is CancellationError) }
                    do {
                        try await loop.sockConnect(client, second.localAddress)
                        #expect(try client.peerAddress == second.localAddress)
                    } catch {
                        let error = error as? EventLoopError
                        #expect(error?.code == .invalidState || (isConnected && error?.errno == .isConnected))
                        #expect(try client.peerAddress == first.localAddress)
                        refusals += 1
                        if !isConnected { try await loop.sockConnect(client, first.localAddress) }
                    }
                }
                #expect(refusals > 0)
            }
        }

        /// SOCK-016.
        ///
        /// The kernel reports a reset once; the second call begins in a task that is already cancelled.
        @Test(arguments: SocketLoop.allCases)
        func errorThatATaskGot_isNotReportedAgain(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try StreamKind.tcp.pair()
                resetOnClose(peer.fileDescriptor)
                peer.close()
                let error = try await loopError { try await loop.sockRecv(socket, 10) }
                #expect(error.errno == .connectionReset)
                let cancelled = loop.createTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    return try await loop.sockRecv(socket, 10)
                }
                await #expect(throws: CancellationError.self) { try await cancelled.value }
                #expect(try await loop.sockRecv(socket, 10) == [])
            }
        }

        /// SOCK-016.
        @Test(arguments: SocketLoop.allCases)
        func bytesOfACancelledReceive_areNoConnection(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (socket, peer) = try StreamKind.tcp.pair()
                let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                try await loop.turns()
                try peer.sendNow([1, 2])
                // In the next turn, the bytes are received before the task is cancelled.
                try await loop.turns(1)
                await expectCancelled(receiving)
                let error = try await loopError { try await loop.sockAccept(socket) }
                #expect(error.errno == .invalidArgument)
                #expect(try await loop.sockRecv(socket, 10) == [1, 2])
            }
        }

        /// SOCK-020.
        @Test(arguments: SocketLoop.allCases)
        func connectionOfACancelledAccept_isNotReceivedAsBytes(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let listener = try Socket.listening()
                let accepting = loop.createTask { try await loop.sockAccept(listener) }
                try await loop.turns()
                let client = try Socket(family: .ipv4)
                try? client.connect(to: listener.localAddress)
                // In the next turn, the connection is accepted before the task is cancelled.
                try await loop.turns(1)
                await expectCancelled(accepting)
                for _ in 0..<2 {
                    let error = try await loopError { try await loop.sockRecv(listener, 10) }
                    #expect(error.errno == .notConnected)
                    let cancelled = loop.createTask { try await loop.sockRecv(listener, 10) }
                    try await loop.turns(1)
                    cancelled.cancel()
                    _ = try? await cancelled.value
                }
                let (accepted, peer) = try await loop.sockAccept(listener)
                #expect(try peer == client.localAddress && accepted.fileDescriptor > 2)
            }
        }

        /// Whether a datagram was cut belongs to that datagram alone.
        @Test(arguments: SocketLoop.allCases)
        func datagramOfACancelledReceive_isTruncatedOnlyIfItIsTooLong(_ kind: SocketLoop) async throws {
            try await runLoop(kind) { loop in
                let (one, other) = try Socket.pair(type: Socket.datagram)
                try one.sendNow([1, 2, 3])
                let first = try await loop.sockRecvDescriptors(other, maxBytes: 1)
                #expect(first.bytes == [1])
                #expect(first.isTruncated == true)
                for maxBytes in [10, 1] {
                    let receiving = loop.createTask { try await loop.sockRecv(other, 10) }
                    try await loop.turns()
                    try one.sendNow([4, 5])
                    // In the next turn, the bytes are received before the task is cancelled.
                    try await loop.turns(1)
                    await expectCancelled(receiving)
                    let message = try await loop.sockRecvDescriptors(other, maxBytes: maxBytes)
                    #expect(message.bytes == Array([4, 5].prefix(maxBytes)))
                    #expect(message.isTruncated == (maxBytes < 2))
                }
            }
        }

        /// The bytes are in the kernel, or their loss is logged.
        @Test(arguments: SocketLoop.allCases)
        func detach_withAnOperationInFlight_losesNothingSilently(_ kind: SocketLoop) async throws {
            try await withLogLater { log in
                try await runLoop(kind) { loop in
                    let (socket, peer) = try Socket.pair()
                    let receiving = loop.createTask { try await loop.sockRecv(socket, 10) }
                    try await loop.turns()
                    try peer.sendNow([1, 2, 3])
                    try await loop.turns(1)
                    receiving.cancel()
                    let again = Socket(takingOwnershipOf: socket.detach())
                    await #expect(throws: (any Error).self) { try await receiving.value }
                    let isReported = log.texts(.warning).contains { $0.contains("loses 3 bytes") }
                    #expect(try again.receiveNow() == (isReported ? nil : [1, 2, 3]))
                }
            }
        }
    }
}
