import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// What is sent and received besides the bytes: addresses, traffic classes, trains of segments, groups.
    @Suite struct DatagramExtras {
        private static let families = [AddressFamily.ipv4, .ipv6]

        /// Runs code with an endpoint that is bound to all addresses of a family.
        private func withOpenEndpoint(
            _ kind: LoopKind, _ family: AddressFamily, sourceLocation: SourceLocation = #_sourceLocation,
            _ body: @escaping @Sendable (Endpoint<DatagramRecorder>, RawDatagrams) async throws -> Void
        ) async throws {
            try await runLoop(kind, sourceLocation: sourceLocation) { loop, _ in
                let any = family == .ipv4 ? "0.0.0.0" : "::"
                let peer = try RawDatagrams(
                    at: try SocketAddress(ipAddress: family == .ipv4 ? "127.0.0.1" : "::1", port: 0))
                let (transport, told) = try await loop.createDatagramEndpoint(localAddress: (host: any, port: 0)) {
                    DatagramRecorder(loop)
                }
                let endpoint = Endpoint(loop: loop, transport: transport, told: told)
                do { try await body(endpoint, peer) } catch {
                    transport.abort()
                    throw error
                }
                try await endpoint.end(sourceLocation: sourceLocation)
            }
        }

        /// An answer leaves from the destination of the question, although the socket is bound to all addresses.
        @Test(arguments: LoopKind.allCases, families)
        func packetInfo_isReported_andUsedAsSource(_ kind: LoopKind, _ family: AddressFamily) async throws {
            try await withOpenEndpoint(kind, family) { endpoint, peer in
                try endpoint.transport.socket.setReceivesPacketInfo(true)
                let port = try endpoint.address.port ?? 0
                let asked = try SocketAddress(ipAddress: family == .ipv4 ? "127.0.0.2" : "::1", port: port)
                try peer.send([1], to: asked)
                try await endpoint.told.wait { !endpoint.told.datagrams.isEmpty }
                let info = endpoint.told.datagrams[0].info
                #expect(info.destination?.host == asked.host)
                #expect(info.interface == if_nametoindex("lo"))
                #expect(info.trafficClass == nil && info.segmentSize == nil)
                // A connected socket receives only from its peer.
                try peer.socket.connect(to: asked)
                let options = DatagramSendOptions(source: info.destination, interface: info.interface)
                endpoint.transport.sendTo([2], peer.address, options: options)
                #expect(try await peer.next(on: endpoint.loop) == [2])
            }
        }

        @Test(arguments: LoopKind.allCases, families)
        func trafficClass_isSetForTheSocketOrOneDatagram_andReported(
            _ kind: LoopKind, _ family: AddressFamily
        ) async throws {
            try await withOpenEndpoint(kind, family) { endpoint, peer in
                try endpoint.transport.socket.setReceivesTrafficClass(true)
                let here = try SocketAddress(
                    ipAddress: family == .ipv4 ? "127.0.0.1" : "::1", port: try endpoint.address.port ?? 0)
                endpoint.transport.sendTo([0], here)
                endpoint.transport.sendTo([1], here, options: DatagramSendOptions(trafficClass: 0xBB))
                try endpoint.transport.socket.setTrafficClass(0x22)
                try await endpoint.told.wait { endpoint.told.datagrams.count == 2 }
                endpoint.transport.sendTo([2], here)
                try await endpoint.told.wait { endpoint.told.datagrams.count == 3 }
                let infos = endpoint.told.datagrams.map(\.info)
                #expect(infos.last?.trafficClass == 0x22 && infos.last?.congestionMark == .capable0)
                #expect(infos[1].trafficClass == 0xBB && infos[1].congestionMark == .experienced)
            }
        }

        /// The kernel divides a train, and joins datagrams that arrive together.
        @Test(arguments: LoopKind.allCases)
        func trains_areDividedAndJoined(_ kind: LoopKind) async throws {
            try await withEndpoints(kind) { one, other in
                try #require(one.transport.socket.canSendSegments && other.transport.socket.canReceiveSegments)
                let train = Pattern.bytes(1000 * 20 + 5)
                one.transport.sendTo(train.span.bytes, try other.address, segmentSize: 1000)
                try await other.told.wait { other.told.datagrams.count == 21 }
                #expect(other.told.datagrams.map(\.bytes.count) == Array(repeating: 1000, count: 20) + [5])
                #expect(other.told.datagrams.flatMap(\.bytes) == train)
                other.told.datagrams.removeAll()
                try other.transport.socket.setReceivesSegments(true)
                one.transport.sendTo(train.span.bytes, try other.address, segmentSize: 1000)
                try await other.told.wait { other.told.datagrams.reduce(0) { $0 + $1.bytes.count } == train.count }
                #expect(other.told.datagrams.flatMap(\.bytes) == train)
                #expect(other.told.datagrams.count == 1, "the kernel did not join them")
                #expect(other.told.datagrams[0].info.segmentSize == 1000)
                #expect(!other.told.datagrams[0].info.isTruncated)
                // A train that is too long is one error; the endpoint stays usable.
                one.transport.sendTo(Pattern.bytes(5000).span.bytes, try other.address, segmentSize: 1)
                one.transport.sendTo([1], try other.address)
                try await other.told.wait { other.told.datagrams.last?.bytes == [1] }
                #expect(one.told.errors.map(\.errno) == [.invalidArgument])
            }
        }

        /// Protocol objects that know nothing of trains, and async code, get single datagrams.
        @Test(arguments: LoopKind.allCases)
        func trains_areDivided_forSimpleProtocols(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.openDatagramEndpoint(localAddress: anyPort)
                try server.transport.socket.setReceivesSegments(true)
                let address = try #require(server.transport.localAddress)
                let client = try await loop.openDatagramEndpoint(remoteAddress: address)
                try await client.send(Pattern.bytes(2500), options: DatagramSendOptions(segmentSize: 1000))
                var sizes: [Int] = []
                for _ in 0..<3 { sizes.append(try await server.receive().bytes.count) }
                #expect(sizes == [1000, 1000, 500])
                for endpoint in [client, server] {
                    endpoint.close()
                    try await endpoint.waitClosed()
                }
            }
        }

        /// Over IPv4, because the loopback interface has no route for the groups of IPv6.
        @Test(arguments: LoopKind.allCases)
        func group_isReceivedFrom_whileJoined(_ kind: LoopKind) async throws {
            try await withOpenEndpoint(kind, .ipv4) { endpoint, peer in
                let loopback = if_nametoindex("lo")
                let group = try SocketAddress(ipAddress: "239.255.7.9", port: try endpoint.address.port ?? 0)
                let socket = endpoint.transport.socket
                try socket.joinGroup(group, interface: loopback)
                try peer.socket.setMulticastInterface(loopback)
                try peer.socket.setMulticastHops(1)
                try peer.send([1], to: group)
                try await endpoint.told.wait { endpoint.told.datagrams.map(\.bytes) == [[1]] }
                #expect(endpoint.told.datagrams[0].sender?.host == peer.address.host)
                try socket.leaveGroup(group, interface: loopback)
                // Only from a sender that does not exist, and then only from the peer.
                let stranger = try SocketAddress(ipAddress: "192.0.2.7", port: 0)
                try socket.joinGroup(group, interface: loopback, source: stranger)
                try peer.send([2], to: group)
                try socket.joinGroup(group, interface: loopback, source: peer.address)
                try peer.send([3], to: group)
                try await endpoint.told.wait { endpoint.told.datagrams.count == 2 }
                #expect(endpoint.told.datagrams.map(\.bytes) == [[1], [3]])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func broadcast_needsPermission(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let endpoint = try await loop.endpoint()
                let everyone = try SocketAddress(ipAddress: "127.255.255.255", port: 9)
                endpoint.transport.sendTo([1], everyone)
                try await endpoint.told.wait { endpoint.told.errors.count == 1 }
                #expect(endpoint.told.errors.first?.errno == .permissionDenied)
                let receiver = try RawDatagrams(at: try SocketAddress(ipAddress: "0.0.0.0", port: 0))
                try endpoint.transport.socket.setBroadcast(true)
                endpoint.transport.sendTo(
                    [2], try SocketAddress(ipAddress: "127.255.255.255", port: receiver.address.port ?? 0))
                #expect(try await receiver.next(on: loop) == [2])
                #expect(endpoint.told.errors.count == 1)
                try await endpoint.end()
            }
        }
    }
}
