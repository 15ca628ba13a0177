import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// Queues: of datagrams that a full receiver cannot take, and of those that a paused endpoint does not take.
    ///
    /// A Unix receiver that does not read makes its senders wait, which UDP never does.
    @Suite struct DatagramFlow {
        /// DGRAM-012: everything is sent in order, and the buffer's size counts 8 for each datagram.
        @Test(arguments: LoopKind.allCases)
        func datagrams_areQueued_whileTheReceiverIsFull(_ kind: LoopKind) async throws {
            try await withPair(kind) { endpoint, peer in
                for number in 0..<100 { endpoint.transport.sendTo(Pattern.bytes(number)) }
                #expect(endpoint.transport.writeBufferSize == (0..<100).reduce(0) { $0 + $1 + 8 })
                let queued = try await endpoint.loop.settled { endpoint.transport.writeBufferSize }
                #expect(queued > 0, "the receiver took everything")
                for number in 0..<100 { #expect(try await peer.next(on: endpoint.loop) == Pattern.bytes(number)) }
                try await endpoint.loop.eventually("all are sent") { endpoint.transport.writeBufferSize == 0 }
                #expect(endpoint.told.events == [.made], "below the limit")
            }
        }

        /// DGRAM-013: the limits are those of streams.
        @Test(arguments: LoopKind.allCases)
        func writing_pausesAndResumes_atTheLimits(_ kind: LoopKind) async throws {
            try await withPair(kind) { endpoint, peer in
                let limits = endpoint.transport.writeBufferLimits
                #expect(limits.high == 65_536 && limits.low == 16_384)
                let error = try await loopError { try endpoint.transport.setWriteBufferLimits(high: 1, low: 2) }
                #expect(error.code == .invalidArgument)
                try endpoint.transport.setWriteBufferLimits(high: 10 * 1008, low: 5 * 1008)
                for _ in 0..<10 { endpoint.transport.sendTo(Pattern.bytes(1000)) }
                #expect(endpoint.told.events == [.made], "exactly the limit")
                endpoint.transport.sendTo([])
                #expect(endpoint.told.events == [.made, .pause])
                for _ in 0..<50 { endpoint.transport.sendTo(Pattern.bytes(1000)) }
                var sizes: [Int] = []
                let transport = endpoint.transport
                endpoint.told.when = { event in if event == .resume { sizes.append(transport.writeBufferSize) } }
                for number in 0..<61 {
                    #expect(try await peer.next(on: endpoint.loop) == (number == 10 ? [] : Pattern.bytes(1000)))
                }
                try await endpoint.told.wait { endpoint.told.count(.resume) == 1 }
                #expect(endpoint.told.events == [.made, .pause, .resume])
                #expect(sizes.allSatisfy { $0 <= 5 * 1008 })
                try endpoint.transport.setWriteBufferLimits(high: 0, low: nil)
                endpoint.transport.sendTo([])
                #expect(endpoint.told.count(.pause) == 2, "an empty datagram counts, too")
                #expect(try await peer.next(on: endpoint.loop) == [])
                try await endpoint.told.wait { endpoint.told.count(.resume) == 2 }
            }
        }

        /// DGRAM-016.
        @Test(arguments: LoopKind.allCases)
        func close_sendsWhatIsQueued_andDeliversNothingMore(_ kind: LoopKind) async throws {
            try await withPair(kind) { endpoint, peer in
                for number in 0..<50 { endpoint.transport.sendTo([UInt8(number)]) }
                _ = try await endpoint.loop.settled { endpoint.transport.writeBufferSize }
                try peer.send([1])
                endpoint.transport.close()
                #expect(endpoint.transport.isClosing && !endpoint.transport.isReading)
                #expect(endpoint.transport.writeBufferSize > 0)
                try await endpoint.loop.turns()
                #expect(endpoint.told.events == [.made], "not lost before everything is sent")
                for number in 0..<50 { #expect(try await peer.next(on: endpoint.loop) == [UInt8(number)]) }
                try await endpoint.told.wait { endpoint.told.count(.lost) == 1 }
                #expect(endpoint.told.events == [.made, .lost] && endpoint.told.losses[0] == nil)
            }
        }

        /// DGRAM-017.
        @Test(arguments: LoopKind.allCases)
        func abort_dropsWhatIsQueued(_ kind: LoopKind) async throws {
            try await withPair(kind) { endpoint, peer in
                for number in 0..<100 { endpoint.transport.sendTo([UInt8(number)]) }
                _ = try await endpoint.loop.settled { endpoint.transport.writeBufferSize }
                endpoint.transport.abort()
                #expect(endpoint.transport.isClosing && endpoint.transport.writeBufferSize == 0)
                #expect(endpoint.told.events == [.made], "the loss is never reported inside the call")
                try await endpoint.told.wait { endpoint.told.count(.lost) == 1 }
                #expect(endpoint.told.losses[0] == nil)
                var taken = 0
                while peer.receive() != nil { taken += 1 }
                #expect(taken < 100)
            }
        }

        /// DGRAM-018 DGRAM-019.
        @Test(arguments: LoopKind.allCases)
        func datagrams_afterTheEnd_areDropped_withAWarningFromTheSixthOn(_ kind: LoopKind) async throws {
            try await withPair(kind) { endpoint, peer in
                endpoint.transport.close()
                endpoint.transport.close()
                let log = LogRecorder(about: "datagrams after the end")
                defer { log.stop() }
                for _ in 0..<3 { endpoint.transport.sendTo([1]) }
                try await endpoint.told.wait { endpoint.told.count(.lost) == 1 }
                endpoint.transport.abort()
                for _ in 0..<5 { endpoint.transport.sendTo([1]) }
                #expect(log.texts(.warning).map { $0.prefix(2) } == ["6 ", "7 ", "8 "])
                #expect(peer.receive() == nil)
                try await endpoint.loop.turns()
                #expect(endpoint.told.events == [.made, .lost])
            }
        }

        /// The kernel does not report when a receiver of an unconnected Unix socket has space: the loop must not spin.
        @Test(arguments: LoopKind.allCases)
        func fullReceiver_ofAnUnconnectedSocket_getsEverythingLater(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (mine, theirs) = (SocketPath(), SocketPath())
                let peer = try RawDatagrams(at: theirs.address)
                let (transport, told) = try await loop.createDatagramEndpoint(localAddress: mine.address) {
                    DatagramRecorder(loop)
                }
                (transport as? DatagramSocketTransport)?.stall.patience = 60_000
                for number in 0..<100 { transport.sendTo([UInt8(number)], peer.address) }
                _ = try await loop.settled { transport.writeBufferSize }
                let turns = loop.statistics.turns
                try await loop.sleep(for: .milliseconds(50))
                #expect(loop.statistics.turns - turns < 40, "the loop spins")
                for number in 0..<100 { #expect(try await peer.next(on: loop) == [UInt8(number)]) }
                try await loop.eventually("all are sent") { transport.writeBufferSize == 0 }
                #expect(told.events == [.made])
                try await Endpoint(loop: loop, transport: transport, told: told).end()
            }
        }

        /// DGRAM-035: a full receiver does not stop the endpoint from receiving.
        @Test(arguments: LoopKind.allCases)
        func receiving_goesOn_whileSendingWaits(_ kind: LoopKind) async throws {
            try await withPair(kind) { endpoint, peer in
                for _ in 0..<100 { endpoint.transport.sendTo([1]) }
                _ = try await endpoint.loop.settled { endpoint.transport.writeBufferSize }
                for number in 0..<30 {
                    try peer.send([UInt8(number)])
                    try await endpoint.told.wait { endpoint.told.datagrams.count == number + 1 }
                }
                #expect(endpoint.told.datagrams.map(\.bytes) == (0..<30).map { [UInt8($0)] })
                #expect(endpoint.transport.writeBufferSize > 0)
            }
        }

        /// Datagrams that were received together with the one that made the protocol pause are delivered later.
        @Test(arguments: LoopKind.allCases)
        func pauseReading_withinADelivery_losesNothing(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                let transport = other.transport
                other.told.when = { event in
                    guard event == .datagram else { return }
                    transport.pauseReading()
                    transport.pauseReading()
                }
                for byte in 0..<60 as Range<UInt8> { one.transport.sendTo([byte], try other.address) }
                for count in 1...60 {
                    try await other.told.wait { other.told.datagrams.count == count }
                    #expect(!transport.isReading)
                    try await other.loop.turns(2)
                    #expect(other.told.datagrams.count == count)
                    transport.resumeReading()
                    transport.resumeReading()
                    #expect(other.told.datagrams.count == count, "nothing is delivered inside the call")
                }
                #expect(other.told.datagrams.map(\.bytes) == (0..<60).map { [UInt8($0)] })
            }
        }

        @Test(arguments: LoopKind.allCases)
        func close_withinADelivery_isTheLastDelivery(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                let transport = other.transport
                other.told.when = { event in if event == .datagram { transport.close() } }
                for byte in 0..<60 as Range<UInt8> { one.transport.sendTo([byte], try other.address) }
                try await other.told.wait { other.told.count(.lost) == 1 }
                #expect(other.told.events == [.made, .datagram, .lost])
            }
        }

        /// A pause between connectionMade and the first datagram.
        @Test(arguments: LoopKind.allCases)
        func pauseReading_inConnectionMade_isKept(_ kind: LoopKind) async throws {
            final class Paused: DatagramRecorder {
                override func connectionMade(_ transport: any DatagramTransport) {
                    super.connectionMade(transport)
                    transport.pauseReading()
                }
            }
            try await runLoop(kind) { loop, _ in
                let (transport, told) = try await loop.createDatagramEndpoint(localAddress: anyPort) { Paused(loop) }
                let peer = try RawDatagrams()
                try peer.send([1], to: try #require(transport.localAddress))
                try await loop.turns()
                #expect(told.events == [.made] && !transport.isReading)
                transport.resumeReading()
                try await told.wait { told.datagrams.map(\.bytes) == [[1]] }
                try await Endpoint(loop: loop, transport: transport, told: told).end()
            }
        }

        /// Runs code with an endpoint on one end of a pair of connected Unix sockets.
        private func withPair(
            _ kind: LoopKind, sourceLocation: SourceLocation = #_sourceLocation,
            _ body: @escaping @Sendable (Endpoint<DatagramRecorder>, RawDatagrams) async throws -> Void
        ) async throws {
            try await runLoop(kind, sourceLocation: sourceLocation) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                // A few datagrams fill it.
                try socket.setOption(SO_SNDBUF, level: SOL_SOCKET, to: 4096)
                let endpoint = try await loop.endpoint(socket)
                do { try await body(endpoint, peer) } catch {
                    endpoint.transport.abort()
                    throw error
                }
                try await endpoint.end(sourceLocation: sourceLocation)
            }
        }
    }
}
