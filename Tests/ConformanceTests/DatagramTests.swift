import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Datagrams between endpoints.
    @Suite struct Datagrams {
        /// DGRAM-001.
        @Test(arguments: LoopKind.allCases)
        func createDatagramEndpoint_bindsTheSocket_andNotifiesTheProtocolFirst(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (transport, told) = try await loop.createDatagramEndpoint(localAddress: anyPort) {
                    DatagramRecorder(loop)
                }
                #expect(told.events == [.made])
                #expect(told.transport === transport && transport.protocol === told)
                let address = try #require(transport.localAddress)
                #expect(address.host == "127.0.0.1" && address.port != 0)
                #expect(transport.extraInfo("sockname") as? SocketAddress == address)
                #expect(transport.extraInfo("peername") == nil && transport.peerAddress == nil)
                #expect((transport.extraInfo("socket") as? TransportSocket)?.localAddress == address)
                #expect(transport.extraInfo("compression") == nil)
                #expect(transport.isReading && !transport.isClosing && transport.writeBufferSize == 0)
                try await Endpoint(loop: loop, transport: transport, told: told).end()
                #expect(transport.localAddress == address, "still known after the end")
            }
        }

        /// DGRAM-002 DGRAM-005 DGRAM-033: boundaries are kept, up to the longest UDP datagram.
        @Test(arguments: LoopKind.allCases)
        func datagrams_areDeliveredOneByOne_withTheirSender(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                let sizes = [1, 2, 1472, 1473, 65_507, 3]
                for size in sizes { one.transport.sendTo(Pattern.bytes(size), try other.address) }
                try await other.told.wait { other.told.datagrams.count == sizes.count }
                #expect(other.told.datagrams.map(\.bytes.count) == sizes)
                for datagram in other.told.datagrams {
                    #expect(datagram.bytes == Pattern.bytes(datagram.bytes.count))
                    #expect(try datagram.sender == one.address)
                    #expect(!datagram.info.isTruncated)
                }
            }
        }

        /// DGRAM-006 DGRAM-007: as in asyncio 3.13, an empty datagram is sent; receiving it does not end the endpoint.
        @Test(arguments: LoopKind.allCases)
        func emptyDatagrams_areSentAndDelivered(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                for bytes in [[], [1], [], []] as [[UInt8]] { one.transport.sendTo(bytes, try other.address) }
                #expect(one.transport.writeBufferSize == 33, "8 for each datagram")
                try await other.told.wait { other.told.datagrams.count == 4 }
                #expect(other.told.datagrams.map(\.bytes) == [[], [1], [], []])
                #expect(try other.told.datagrams.allSatisfy { try $0.sender == one.address })
                other.transport.sendTo([2], try one.address)
                try await one.told.wait { one.told.datagrams.count == 1 }
            }
        }

        /// DGRAM-003: nothing is received from other senders.
        @Test(arguments: LoopKind.allCases)
        func remoteAddress_connectsTheSocket(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (peer, stranger) = (try RawDatagrams(), try RawDatagrams())
                let endpoint = try await loop.endpoint(connectedTo: peer.address)
                #expect(endpoint.transport.peerAddress == peer.address)
                #expect(endpoint.transport.extraInfo("peername") as? SocketAddress == peer.address)
                try stranger.send([9], to: endpoint.address)
                try peer.send([1], to: endpoint.address)
                try await endpoint.told.wait { !endpoint.told.datagrams.isEmpty }
                #expect(endpoint.told.datagrams.map(\.bytes) == [[1]])
                #expect(endpoint.told.datagrams[0].sender == peer.address)
                endpoint.transport.sendTo([2])
                #expect(try await peer.next(on: loop) == [2])
                try await endpoint.end()
            }
        }

        /// DGRAM-004: the kernel would send to the other address.
        @Test(arguments: LoopKind.allCases)
        func sendTo_refusesAnotherAddress_whenConnected(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, exceptions in
                let (peer, stranger) = (try RawDatagrams(), try RawDatagrams())
                let endpoint = try await loop.endpoint(connectedTo: peer.address)
                endpoint.transport.sendTo([1], stranger.address)
                let contexts = exceptions.take()
                #expect(contexts.count == 1)
                let error = try #require(contexts.first?.error as? EventLoopError)
                #expect(error.code == .invalidArgument && error.operation == "sendTo")
                #expect(error.description.contains("must be nil or \(peer.address)"))
                #expect(contexts.first?.transport === endpoint.transport)
                endpoint.transport.sendTo([2], peer.address)
                endpoint.transport.sendTo([3], nil)
                #expect(try await peer.next(on: loop) == [2])
                #expect(try await peer.next(on: loop) == [3])
                #expect(stranger.receive() == nil)
                try await endpoint.end()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func sendTo_needsAnAddress_unlessConnected(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, exceptions in
                let endpoint = try await loop.endpoint()
                endpoint.transport.sendTo([1])
                endpoint.transport.sendTo([1].span.bytes, try endpoint.address, segmentSize: 0)
                let errors = exceptions.take().compactMap { $0.error as? EventLoopError }
                #expect(errors.map(\.code) == [.invalidArgument, .invalidArgument])
                #expect(errors.first?.description.contains("pass the destination's address") == true)
                #expect(errors.last?.description.contains("segmentSize must be 1...65535") == true)
                #expect(endpoint.transport.writeBufferSize == 0)
                try await endpoint.end()
            }
        }

        /// DGRAM-014: the array is a value; later changes are not sent.
        @Test(arguments: LoopKind.allCases)
        func sendTo_copiesTheBytes(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                var bytes: [UInt8] = [1, 2, 3]
                one.transport.sendTo(bytes, try other.address)
                one.transport.sendTo(bytes.span.bytes, try other.address)
                for index in bytes.indices { bytes[index] = 9 }
                try await other.told.wait { other.told.datagrams.count == 2 }
                #expect(other.told.datagrams.map(\.bytes) == [[1, 2, 3], [1, 2, 3]])
            }
        }

        /// DGRAM-035: also more datagrams in one turn than are sent or received in one call.
        @Test(arguments: LoopKind.allCases)
        func bothDirections_goOnAtTheSameTime(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (server, echo) = try await loop.createDatagramEndpoint(localAddress: anyPort) {
                    EchoDatagrams(loop)
                }
                let client = try await loop.endpoint(connectedTo: try #require(server.localAddress))
                var (sent, answers) = (0, 0)
                func sendSome() {
                    for _ in 0..<min(100, 1000 - sent) {
                        client.transport.sendTo(Pattern.bytes(1 + sent % 100))
                        sent += 1
                    }
                }
                client.told.when = { event in
                    guard event == .datagram else { return }
                    answers += 1
                    if answers % 100 == 0 { sendSome() }
                }
                sendSome()
                try await client.told.wait { answers == 1000 }
                #expect(client.told.datagrams.map(\.bytes) == (0..<1000).map { Pattern.bytes(1 + $0 % 100) })
                #expect(client.told.errors.isEmpty && echo.errors.isEmpty)
                try await client.end()
                try await Endpoint(loop: loop, transport: server, told: echo).end()
            }
        }

        /// The kernel drops datagrams that do not fit into the socket's buffer; the endpoint receives the rest.
        @Test(arguments: LoopKind.allCases)
        func burst_beyondAllBuffers_doesNotEndReceiving(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let peer = try RawDatagrams()
                let small = try RawDatagrams(receiveBuffer: 64 * 1024)
                let endpoint = try await loop.endpoint(Socket(takingOwnershipOf: small.socket.detach()))
                // The loop does not run meanwhile.
                for _ in 0..<2000 { try peer.send(Pattern.bytes(1000), to: endpoint.address) }
                try await endpoint.told.wait { endpoint.told.datagrams.count > 20 }
                let received = try await loop.settled { endpoint.told.datagrams.count }
                #expect(received < 2000, "the burst was too small")
                #expect(endpoint.told.datagrams.allSatisfy { $0.bytes == Pattern.bytes(1000) })
                try peer.send([1], to: endpoint.address)
                try await endpoint.told.wait { endpoint.told.datagrams.last?.bytes == [1] }
                #expect(endpoint.told.errors.isEmpty)
                try await endpoint.end()
            }
        }
    }
}
