import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing
import Uring

extension RingLoop {
    /// Datagrams that a channel sends: order, and full sockets.
    @Suite struct DatagramSendingTests {
        @Test func datagrams_areSentInOrder_moreThanOneTurnSends() async throws {
            try await runLoop { loop, _ in
                let peer = try DatagramSocket()
                try peer.set(SOL_SOCKET, SO_RCVBUF, 1 << 20)
                let end = try DatagramEnd(loop, DatagramSocket())
                for number in 0..<600 { end.owner.queue(Pattern.bytes(8, at: number), to: peer.name) }
                end.channel.send()
                end.channel.send()
                #expect(end.owner.sentCount == 0, "never inside a call of the owner's")
                try await loop.eventually("all are sent") { end.owner.unsent == 0 }
                for number in 0..<600 { #expect(peer.receive() == Pattern.bytes(8, at: number)) }
                #expect(peer.receive() == nil)
                try await end.close(loop)
            }
        }

        /// The owner queues the next datagram when it is notified of the last one.
        @Test func datagramsQueuedInACall_areSent() async throws {
            try await runLoop { loop, _ in
                let peer = try DatagramSocket()
                let (end, other) = (try DatagramEnd(loop, DatagramSocket()), try DatagramEnd(loop, DatagramSocket()))
                end.owner.whenSent = { [unowned owner = end.owner] in
                    guard owner.sentCount < 50 else { return }
                    owner.queue([UInt8(owner.sentCount)], to: peer.name)
                    end.channel.send()
                    // Another channel, which the turn has already passed.
                    other.owner.queue([100], to: end.name)
                    other.channel.send()
                }
                end.owner.queue([0], to: peer.name)
                end.channel.send()
                try await loop.eventually("all are sent") { end.owner.received.count == 49 }
                for number in 0..<50 { #expect(peer.receive() == [UInt8(number)]) }
                end.owner.whenSent = {}
                try await end.close(loop)
                try await other.close(loop)
            }
        }

        @Test func refusedDatagram_isReported_andTheNextOnesAreSent() async throws {
            try await runLoop { loop, _ in
                let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                for number in 0..<3 { end.owner.queue([UInt8(number)], to: peer.name) }
                end.owner.queue(Pattern.bytes(65508), to: peer.name)
                end.owner.queue([], to: peer.name)
                end.owner.queue([9], to: peer.name)
                end.channel.send()
                try await loop.eventually("all are reported") { end.owner.unsent == 0 }
                #expect(end.owner.refused == [.messageTooLong])
                #expect(end.owner.sentCount == 5)
                for bytes in [[0], [1], [2], [], [9]] as [[UInt8]] { #expect(peer.receive() == bytes) }
                try await end.close(loop)
            }
        }

        /// A connected Unix receiver is full: the kernel reports when it has space.
        ///
        /// A send in flight on the ring would deliver an empty datagram instead.
        @Test func fullUnixReceiver_isWaitedFor() async throws {
            try await runLoop { loop, _ in
                let (peer, socket) = (try DatagramSocket(unixNamed: true), try DatagramSocket(unixNamed: false))
                try socket.connect(to: peer.name)
                let end = try DatagramEnd(loop, socket, .unix)
                for number in 0..<100 { end.owner.queue([UInt8(number)]) }
                end.channel.send()
                var received: [[UInt8]] = []
                while received.count < 100 {
                    let last = received.count
                    try await loop.eventually("a datagram") {
                        if let bytes = peer.receive() { received.append(bytes) }
                        return received.count > last
                    }
                }
                #expect(received == (0..<100).map { [UInt8($0)] })
                #expect(end.owner.sentCount == 100)
                #expect(end.owner.stalls == 0 && end.owner.refused.isEmpty)
                try await end.close(loop)
            }
        }

        /// An unconnected socket is always writable, so the kernel does not report when its receiver has space.
        @Test func fullReceiverOfAnUnconnectedSocket_isReported() async throws {
            try await runLoop { loop, _ in
                let (peer, end) = (
                    try DatagramSocket(unixNamed: true), try DatagramEnd(loop, DatagramSocket(unixNamed: false), .unix)
                )
                for number in 0..<40 { end.owner.queue([UInt8(number)], to: peer.name) }
                end.channel.send()
                var received: [[UInt8]] = []
                while received.count < 40 {
                    let stalls = end.owner.stalls
                    try await loop.eventually("stalled or sent") {
                        end.owner.stalls > stalls || end.owner.unsent == 0
                    }
                    #expect(loop.driver.operationsInFlight <= 2, "no poll, which would complete at once")
                    while let bytes = peer.receive() { received.append(bytes) }
                    end.channel.send()
                }
                #expect(received == (0..<40).map { [UInt8($0)] })
                #expect(end.owner.stalls > 0)
                try await end.close(loop)
            }
        }

        @Test func close_endsTheWaitForSpace() async throws {
            try await runLoop { loop, _ in
                let (peer, socket) = (try DatagramSocket(unixNamed: true), try DatagramSocket(unixNamed: false))
                try socket.connect(to: peer.name)
                let end = try DatagramEnd(loop, socket, .unix, isReceiving: false)
                for number in 0..<40 { end.owner.queue([UInt8(number)]) }
                end.channel.send()
                try await loop.untilTurn("the receiver is full") { loop.driver.operationsInFlight == 2 }
                let waiting = loop.pendingOperations.first { $0.descriptor == end.descriptor }
                #expect(waiting?.name == "send")
                try await end.close(loop)
                #expect(end.owner.unsent > 0)
            }
        }

        #if DEBUG
            /// The socket's buffer is full, as on a slow network, and then has space for one datagram at a time.
            @Test func fullBuffer_keepsTheOrder() async throws {
                try await runLoop { loop, _ in
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    let faults = SystemCallFaults()
                    for number in [1, 3, 4, 9] {
                        faults.fail(.sendMessages, with: .resourceTemporarilyUnavailable, .number(number))
                    }
                    faults.limit(.sendMessages, to: 1)
                    faults.install()
                    defer { faults.remove() }
                    // Of several sizes, so that only some are joined.
                    let datagrams = (0..<50).map { Pattern.bytes(1 + $0 % 3, at: $0) }
                    for bytes in datagrams { end.owner.queue(bytes, to: peer.name) }
                    end.channel.send()
                    try await loop.eventually("all are sent") { end.owner.sentCount == 50 }
                    for bytes in datagrams { #expect(peer.receive() == bytes) }
                    #expect(faults.strikes > 4)
                    #expect(end.owner.stalls == 0 && end.owner.refused.isEmpty)
                    try await end.close(loop)
                }
            }

            @Test func refusalWithinABatch_isReportedInItsPlace() async throws {
                try await runLoop { loop, _ in
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    let faults = SystemCallFaults()
                    faults.limit(.sendMessages, to: 2)
                    faults.fail(.sendMessages, with: .notPermitted, .number(2))
                    faults.install()
                    defer { faults.remove() }
                    // Each is longer than the one before, so that none are joined.
                    for number in 0..<6 { end.owner.queue(Pattern.bytes(number + 1), to: peer.name) }
                    end.channel.send()
                    try await loop.eventually("all are reported") { end.owner.unsent == 0 }
                    #expect(end.owner.refused == [.notPermitted])
                    for number in [0, 1, 3, 4, 5] { #expect(peer.receive() == Pattern.bytes(number + 1)) }
                    try await end.close(loop)
                }
            }

            @Test func lostDescriptor_endsTheChannel() async throws {
                try await runLoop { loop, _ in
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    let faults = SystemCallFaults()
                    faults.fail(.sendMessages, with: .badFileDescriptor)
                    faults.install()
                    defer { faults.remove() }
                    end.owner.queue([1], to: peer.name)
                    end.channel.send()
                    try await loop.eventually("the channel has failed") { !end.owner.failures.isEmpty }
                    try await loop.turns()
                    #expect(end.owner.failures == [.badFileDescriptor])
                    try await end.close(loop)
                }
            }
        #endif
    }
}
