import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing
import Uring

extension RingLoop {
    /// Datagrams that a channel receives: pauses, ends, and memory.
    @Suite struct DatagramReceivingTests {
        @Test func datagrams_arriveWholeAndInOrder_fromTheirSenders() async throws {
            try await runLoop { loop, _ in
                let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                let sizes = [0, 1, 64, 0, 0, 1472, 9000, 65507]
                for size in sizes { peer.send(Pattern.bytes(size, at: size), to: end.name) }
                try await loop.eventually("all arrive") { end.owner.received.count == sizes.count }
                for (size, bytes) in zip(sizes, end.owner.received) { expectSame(bytes, Pattern.bytes(size, at: size)) }
                #expect(end.owner.names.allSatisfy { $0 == peer.name })
                #expect(end.owner.flags.allSatisfy { $0 == 0 })
                try await end.close(loop)
            }
        }

        /// A loop without datagram sockets has no buffers for them.
        @Test func buffers_areMade_withTheFirstSocket() async throws {
            try await runLoop { loop, _ in
                #expect(loop.driver.datagramBuffers.supplied == 0)
                let before = loop.statistics.receiveBuffersTotal
                let end = try DatagramEnd(loop, DatagramSocket())
                #expect(loop.driver.datagramBuffers.supplied == 64)
                #expect(loop.statistics.receiveBuffersTotal == before + 64)
                let unix = try DatagramEnd(loop, DatagramSocket(unixNamed: true), .unix)
                #expect(loop.driver.datagramBuffers.supplied == 64 + 16)
                try await end.close(loop)
                try await unix.close(loop)
            }
        }

        /// More datagrams at once than there are buffers.
        @Test func burst_isReceived_beyondTheBuffers() async throws {
            try await runLoop { loop, _ in
                let (peer, socket) = (try DatagramSocket(), try DatagramSocket())
                try socket.set(SOL_SOCKET, SO_RCVBUF, 1 << 20)
                let end = try DatagramEnd(loop, socket)
                for number in 0..<400 { peer.send(Pattern.bytes(10, at: number), to: end.name) }
                // The kernel fills buffers until none is left, while the loop returns none.
                for _ in 0..<100 { try loop.enterOnly() }
                try await loop.eventually("all arrive") { end.owner.received.count == 400 }
                #expect(end.owner.received == (0..<400).map { Pattern.bytes(10, at: $0) })
                #expect(loop.driver.datagramBuffers.supplied > 64)
                #expect(end.owner.errors.isEmpty)
                try await end.close(loop)
            }
        }

        @Test func pause_keepsWhatHasArrived_inOrder() async throws {
            try await runLoop { loop, _ in
                let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                let channel = end.channel
                for number in 0..<30 { peer.send([UInt8(number)], to: end.name) }
                // All are completions of one turn; the owner stops after each fifth.
                try loop.enterOnly()
                end.owner.whenReceived = { [unowned owner = end.owner] in
                    if owner.received.count % 5 == 0 { channel.stopReceiving() }
                }
                for count in [5, 10, 15, 20, 25, 30] {
                    try await loop.untilTurn("\(count) datagrams") { end.owner.received.count == count }
                    try await loop.turns()
                    #expect(end.owner.received.count == count)
                    // Datagrams that arrive during the pause follow.
                    if count == 15 { peer.send([30], to: end.name) }
                    channel.startReceiving()
                }
                try await loop.untilTurn("the last datagram") { end.owner.received.count == 31 }
                #expect(end.owner.received == (0...30).map { [UInt8($0)] })
                end.owner.whenReceived = {}
                try await end.close(loop)
            }
        }

        /// Stops and resumes at every step, within and between calls.
        @Test func pauses_loseNothing_andKeepTheOrder() async throws {
            try await runLoop { loop, _ in
                let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                let channel = end.channel
                var random = SeededRandom(7)
                var isStopped = false
                end.owner.whenReceived = {
                    if Bool.random(using: &random) {
                        channel.stopReceiving()
                        isStopped = Bool.random(using: &random)
                        if !isStopped { channel.startReceiving() }
                    }
                }
                var sent = 0
                for _ in 0..<200 {
                    for _ in 0..<Int.random(in: 0...4, using: &random) {
                        // Some are empty: they end the receive.
                        peer.send(sent % 7 == 0 ? [] : [UInt8(truncatingIfNeeded: sent)], to: end.name)
                        sent += 1
                    }
                    if Bool.random(using: &random) { try loop.enterOnly() }
                    try await loop.turns(1)
                    if isStopped, Bool.random(using: &random) {
                        isStopped = false
                        channel.startReceiving()
                    }
                }
                end.owner.whenReceived = {}
                if isStopped { channel.startReceiving() }
                try await loop.eventually("all arrive") { end.owner.received.count == sent }
                #expect(
                    end.owner.received
                        == (0..<sent).map { $0 % 7 == 0 ? [] : [UInt8(truncatingIfNeeded: $0)] })
                try await end.close(loop)
            }
        }

        /// Paused channels keep at most half of the buffers; what they receive beyond that is copied.
        @Test func pausedChannels_doNotStarveOthers() async throws {
            try await runLoop { loop, _ in
                let peer = try DatagramSocket()
                let paused = try (0..<40).map { _ in try DatagramEnd(loop, DatagramSocket()) }
                try await loop.turns()
                for end in paused { end.channel.stopReceiving() }
                for (number, end) in paused.enumerated() {
                    for part in 0..<40 { peer.send([UInt8(number), UInt8(part)], to: end.name) }
                }
                let end = try DatagramEnd(loop, DatagramSocket())
                for number in 0..<100 {
                    peer.send([UInt8(number)], to: end.name)
                    try await loop.untilTurn("a datagram beside paused channels") {
                        end.owner.received.count == number + 1
                    }
                }
                #expect(paused.allSatisfy { $0.owner.received.isEmpty })
                #expect(loop.driver.datagramBuffers.lent <= loop.driver.datagramBuffers.supplied / 2 + 1)
                for end in paused { end.channel.startReceiving() }
                try await loop.eventually("all arrive") { paused.allSatisfy { $0.owner.received.count == 40 } }
                for (number, end) in paused.enumerated() {
                    #expect(end.owner.received == (0..<40).map { [UInt8(number), UInt8($0)] })
                    try await end.close(loop)
                }
                try await end.close(loop)
            }
        }

        /// A channel is closed with completions on their way, and with datagrams that its owner has not taken.
        @Test(arguments: [false, true]) func close_releasesBuffers_withDatagramsInFlight(isPaused: Bool) async throws {
            try await runLoop { loop, _ in
                let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                try await loop.turns()
                if isPaused { end.channel.stopReceiving() }
                for number in 0..<20 { peer.send([UInt8(number)], to: end.name) }
                if isPaused {
                    try await loop.turns()
                    #expect(loop.driver.datagramBuffers.lent > 0)
                } else {
                    try loop.enterOnly()
                }
                let count = end.owner.received.count
                try await end.close(loop)
                #expect(end.owner.received.count == count, "nothing is delivered after close")
                #expect(loop.driver.datagramBuffers.lent == 0)
                // Ignored: by now, the number may refer to another file.
                end.channel.startReceiving()
                end.channel.stopReceiving()
                end.channel.send()
                end.channel.close()
                try await loop.turns()
            }
        }

        @Test func closeInACall_isTheLastDelivery() async throws {
            try await runLoop { loop, _ in
                let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                let channel = end.channel
                for number in 0..<5 { peer.send([UInt8(number)], to: end.name) }
                try loop.enterOnly()
                end.owner.whenReceived = { channel.close() }
                try await loop.eventually("the channel is closed") { end.owner.isClosed }
                #expect(end.owner.received == [[0]])
                end.owner.whenReceived = {}
            }
        }

        @Test func channel_releasesItsOwner_onceItIsClosed() async throws {
            try await runLoop { loop, _ in
                weak var owner: DatagramRecorder?
                let channel: any DatagramChannel
                do {
                    let end = try DatagramEnd(loop, DatagramSocket())
                    (channel, owner) = (end.channel, end.owner)
                }
                try await loop.turns()
                #expect(owner != nil)
                channel.close()
                try await loop.eventually("the owner is released") { owner == nil }
            }
        }

        /// Beyond 256 KiB, a Unix datagram is cut and marked.
        @Test func longUnixDatagram_isCutAndMarked() async throws {
            try await runLoop { loop, _ in
                let (peer, socket) = (try DatagramSocket(unixNamed: false), try DatagramSocket(unixNamed: true))
                try peer.set(SOL_SOCKET, SO_SNDBUF, 1 << 20)
                let end = try DatagramEnd(loop, socket, .unix)
                peer.send(Pattern.bytes(256 * 1024), to: end.name)
                peer.send(Pattern.bytes(256 * 1024 + 1), to: end.name)
                peer.send([1], to: end.name)
                try await loop.eventually("all arrive") { end.owner.received.count == 3 }
                expectSame(end.owner.received[0], Pattern.bytes(256 * 1024))
                expectSame(end.owner.received[1], Pattern.bytes(256 * 1024))
                #expect(end.owner.received[2] == [1])
                #expect(end.owner.flags == [0, Int32(MSG_TRUNC), 0])
                #expect(end.owner.names == [[], [], []])
                try await end.close(loop)
            }
        }

        /// After `shutdown(2)`, the kernel returns empty messages without end.
        @Test(arguments: [false, true]) func shutDownSocket_doesNotSpin(isUnix: Bool) async throws {
            try await runLoop { loop, _ in
                let make = { isUnix ? try DatagramSocket(unixNamed: true) : try DatagramSocket() }
                let (peer, socket) = (try make(), try make())
                try socket.connect(to: peer.name)
                let end = try DatagramEnd(loop, socket, isUnix ? .unix : .ipv4)
                try await loop.turns()
                #expect(shutdown(end.descriptor, Int32(SHUT_RD)) == 0)
                try await loop.turns(10)
                let submissions = loop.driver.ring.entriesSubmitted
                try await loop.turns(10)
                #expect(loop.driver.ring.entriesSubmitted == submissions)
                #expect(end.owner.received.isEmpty)
                try await end.close(loop)
            }
        }

        /// An error of the kernel for an earlier datagram does not end the channel.
        @Test func unreachablePort_isReported_andReceivingContinues() async throws {
            try await runLoop { loop, _ in
                let socket = try DatagramSocket()
                var dead: DatagramSocket? = try DatagramSocket()
                let name = try #require(dead).name
                dead = nil
                try socket.connect(to: name)
                let end = try DatagramEnd(loop, socket)
                for count in 1...3 {
                    end.owner.queue([1])
                    end.channel.send()
                    try await loop.eventually("an error") { end.owner.errors.count == count }
                }
                #expect(end.owner.errors.allSatisfy { $0 == .connectionRefused })
                let live = try DatagramSocket()
                try DatagramSocket.connect(end.descriptor, to: live.name)
                live.send([5], to: end.name)
                try await loop.eventually("a datagram") { end.owner.received == [[5]] }
                end.owner.queue([6])
                end.channel.send()
                try await loop.eventually("a datagram at the new peer") { live.receive() == [6] }
                #expect(end.owner.refused.isEmpty && end.owner.failures.isEmpty)
                try await end.close(loop)
            }
        }

        @Test func receive_isListed() async throws {
            try await runLoop { loop, _ in
                let end = try DatagramEnd(loop, DatagramSocket())
                try await loop.turns()
                let operation = try #require(loop.pendingOperations.first { $0.descriptor == end.descriptor })
                #expect(operation.name == "receive")
                #expect(operation.call == "IORING_OP_RECVMSG (multishot)")
                #expect(operation.owner == "a recorder")
                try await end.close(loop)
            }
        }
    }
}
