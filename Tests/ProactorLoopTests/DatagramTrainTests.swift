import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension RingLoop {
    /// Datagrams that are joined for one call, and that the kernel divides again.
    @Suite struct DatagramTrainTests {
        /// `UDP_GRO`: a train is received as it was sent.
        private static let receivesTrains: (Int32, Int32) = (17, 104)

        /// Sends datagrams, and returns what arrives at a socket that receives trains, and at one that does not.
        private static func exchange(
            _ datagrams: [[UInt8]], _ prepare: @escaping @Sendable (DatagramSocket) throws -> Void = { _ in },
            _ check: @escaping @Sendable (_ trains: [[UInt8]], _ datagrams: [[UInt8]]) -> Void
        ) async throws {
            try await runLoop { loop, _ in
                let (whole, divided, socket) = (try DatagramSocket(), try DatagramSocket(), try DatagramSocket())
                try whole.set(Self.receivesTrains.0, Self.receivesTrains.1)
                try prepare(socket)
                let end = try DatagramEnd(loop, socket)
                for peer in [whole, divided] {
                    for bytes in datagrams { end.owner.queue(bytes, to: peer.name) }
                }
                end.channel.send()
                try await loop.eventually("all are sent") { end.owner.unsent == 0 }
                #expect(end.owner.sentCount == 2 * datagrams.count)
                #expect(end.owner.refused.isEmpty && end.owner.errors.isEmpty)
                check(received(whole), received(divided))
                try await end.close(loop)
            }
        }

        private static func received(_ socket: DatagramSocket) -> [[UInt8]] {
            var datagrams: [[UInt8]] = []
            while let bytes = socket.receive() { datagrams.append(bytes) }
            return datagrams
        }

        @Test func datagramsOfOneSize_areSentAsATrain() async throws {
            let datagrams = (0..<20).map { Pattern.bytes(100, at: $0 * 100) }
            try await Self.exchange(datagrams) { trains, divided in
                #expect(trains.count < 20)
                #expect(Array(trains.joined()) == Pattern.bytes(2000))
                #expect(divided == datagrams)
            }
        }

        /// Empty, longer and very long datagrams end a train; a shorter one is its last.
        @Test func boundaries_areKept_inOrder() async throws {
            let sizes = [10, 10, 4, 10, 0, 0, 7, 7, 9, 9, 9, 1, 1, 10_000, 10_000, 33_000, 33_000, 3]
            let datagrams = sizes.enumerated().map { Pattern.bytes($1, at: $0) }
            try await Self.exchange(datagrams) { trains, divided in
                #expect(divided.map(\.count) == sizes)
                expectSame(Array(divided.joined()), Array(datagrams.joined()))
                expectSame(Array(trains.joined()), Array(datagrams.joined()))
                #expect(trains.count < sizes.count)
            }
        }

        /// The kernel refuses trains of a socket without checksums.
        @Test func refusedTrain_isSentAsDatagrams() async throws {
            let datagrams = (0..<20).map { Pattern.bytes(100, at: $0 * 100) }
            let prepare: @Sendable (DatagramSocket) throws -> Void = { try $0.set(SOL_SOCKET, SO_NO_CHECK) }
            try await Self.exchange(datagrams, prepare) { trains, divided in
                #expect(trains == datagrams)
                #expect(divided == datagrams)
            }
        }

        /// Datagrams to different peers are not joined.
        @Test func destinations_areKept() async throws {
            try await runLoop { loop, _ in
                let (one, other, end) = (
                    try DatagramSocket(), try DatagramSocket(), try DatagramEnd(loop, DatagramSocket())
                )
                for number in 0..<10 { end.owner.queue([UInt8(number)], to: (number % 3 == 0 ? one : other).name) }
                end.channel.send()
                try await loop.eventually("all are sent") { end.owner.unsent == 0 }
                #expect(Self.received(one) == [[0], [3], [6], [9]])
                #expect(Self.received(other) == [[1], [2], [4], [5], [7], [8]])
                try await end.close(loop)
            }
        }

        #if DEBUG
            /// The socket's buffer is full in the middle: the count of what was sent is that of the datagrams.
            @Test func fullBuffer_losesNoDatagram() async throws {
                try await runLoop { loop, _ in
                    let (peer, end) = (try DatagramSocket(), try DatagramEnd(loop, DatagramSocket()))
                    let faults = SystemCallFaults()
                    faults.limit(.sendMessages, to: 2)
                    faults.fail(.sendMessages, with: .resourceTemporarilyUnavailable, .number(2))
                    faults.fail(.sendMessages, with: .messageTooLong, .number(4))
                    faults.install()
                    defer { faults.remove() }
                    // Trains of three.
                    let datagrams = (0..<60).map { Pattern.bytes(10 + $0 / 3, at: $0) }
                    for bytes in datagrams { end.owner.queue(bytes, to: peer.name) }
                    end.channel.send()
                    try await loop.eventually("all are sent") { end.owner.unsent == 0 }
                    #expect(end.owner.sentCount == 60)
                    #expect(end.owner.refused.isEmpty)
                    #expect(Self.received(peer) == datagrams)
                    try await end.close(loop)
                }
            }
        #endif
    }
}
