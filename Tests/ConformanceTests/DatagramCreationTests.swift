import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// The parameters and errors of `createDatagramEndpoint`.
    @Suite struct DatagramCreation {
        /// DGRAM-020: what is bound and connected stays so; field case: no EISCONN.
        @Test(arguments: LoopKind.allCases)
        func socket_isUsedAsItIs(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let peer = try RawDatagrams()
                let socket = try Socket(family: .ipv4, type: Socket.datagram)
                try socket.bind(to: try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                try socket.connect(to: peer.address)
                let address = try socket.localAddress
                let endpoint = try await loop.endpoint(socket)
                #expect(socket.fileDescriptor == -1, "the transport owns the descriptor")
                #expect(try endpoint.address == address)
                #expect(endpoint.transport.peerAddress == peer.address)
                endpoint.transport.sendTo([1], peer.address)
                endpoint.transport.sendTo([2])
                #expect(try await peer.next(on: loop) == [1])
                #expect(try await peer.next(on: loop) == [2])
                #expect(endpoint.told.errors.isEmpty)
                try await endpoint.end()
            }
        }

        /// DGRAM-020 (error).
        @Test(arguments: LoopKind.allCases)
        func socket_ofAnotherType_isRefused(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let stream = try Socket(family: .ipv4)
                let error = try await loopError { try await loop.endpoint(stream) }
                #expect(error.code == .invalidArgument)
                #expect(error.description.contains("A datagram socket was expected, got \(stream)"))
                #expect(stream.fileDescriptor >= 0, "still the caller's")
                stream.close()
                let closed = try await loopError { try await loop.endpoint(stream) }
                #expect(closed.code == .invalidArgument)
            }
        }

        /// DGRAM-022.
        @Test(arguments: LoopKind.allCases)
        func familyAlone_makesAnUnboundSocket_andNothingIsAnError(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let error = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: nil) { DatagramRecorder(loop) }
                }
                #expect(error.code == .invalidArgument)
                #expect(error.description.contains("unexpected address family"))
                let (transport, told) = try await loop.createDatagramEndpoint(family: .ipv6) { DatagramRecorder(loop) }
                #expect(transport.localAddress?.family == .ipv6 && transport.localAddress?.port == 0)
                try await Endpoint(loop: loop, transport: transport, told: told).end()
            }
        }

        /// DGRAM-024.
        @Test(arguments: LoopKind.allCases)
        func addressesOfDifferentFamilies_areRefused(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let byHost = try await loopError {
                    try await loop.createDatagramEndpoint(
                        localAddress: (host: "::1", port: 0), remoteAddress: (host: "127.0.0.1", port: 9)
                    ) { DatagramRecorder(loop) }
                }
                let byAddress = try await loopError {
                    try await loop.createDatagramEndpoint(
                        localAddress: try SocketAddress(ipAddress: "::1", port: 0),
                        remoteAddress: try SocketAddress(ipAddress: "127.0.0.1", port: 9)
                    ) { DatagramRecorder(loop) }
                }
                for error in [byHost, byAddress] {
                    #expect(error.code == .invalidArgument)
                    #expect(error.description.contains("can not get address information"))
                }
            }
        }

        /// DGRAM-026: a socket that may broadcast receives from every host.
        @Test(arguments: LoopKind.allCases)
        func allowBroadcast_setsTheOption_andDoesNotConnect(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (peer, stranger) = (try RawDatagrams(), try RawDatagrams())
                let (transport, told) = try await loop.createDatagramEndpoint(
                    localAddress: anyPort, remoteAddress: (host: "127.0.0.1", port: peer.address.port ?? 0),
                    allowBroadcast: true
                ) { DatagramRecorder(loop) }
                #expect(try transport.socket.option(SO_BROADCAST, level: SOL_SOCKET) == 1)
                #expect(transport.socket.peerAddress == nil && transport.extraInfo("peername") == nil)
                transport.sendTo([1])
                transport.sendTo([2], peer.address)
                #expect(try await peer.next(on: loop) == [1])
                #expect(try await peer.next(on: loop) == [2])
                try stranger.send([3], to: try #require(transport.localAddress))
                try await told.wait { told.datagrams.map(\.bytes) == [[3]] }
                try await Endpoint(loop: loop, transport: transport, told: told).end()
            }
        }

        /// DGRAM-027: with SO_REUSEADDR, two sockets could share a UDP port by mistake.
        @Test(arguments: LoopKind.allCases)
        func reusePort_isOffByDefault_andReuseAddressNeverSet(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                func make(_ port: Int, reusePort: Bool = false) async throws -> Endpoint<DatagramRecorder> {
                    let (transport, told) = try await loop.createDatagramEndpoint(
                        localAddress: (host: "127.0.0.1", port: port), reusePort: reusePort
                    ) { DatagramRecorder(loop) }
                    return Endpoint(loop: loop, transport: transport, told: told)
                }
                func options(_ endpoint: Endpoint<DatagramRecorder>) throws -> [Int32] {
                    try [SO_REUSEADDR, SO_REUSEPORT].map {
                        try endpoint.transport.socket.option($0, level: SOL_SOCKET)
                    }
                }
                let plain = try await make(0)
                #expect(try options(plain) == [0, 0])
                let port = try plain.address.port ?? 0
                let error = try await loopError { try await make(port) }
                #expect(error.operation == "bind" && error.errno == .addressInUse)
                #expect(try error.address == plain.address.description)
                let first = try await make(0, reusePort: true)
                #expect(try options(first) == [0, 1])
                let second = try await make(try first.address.port ?? 0, reusePort: true)
                #expect(try second.address == first.address)
                for endpoint in [plain, first, second] { try await endpoint.end() }
            }
        }

        /// DGRAM-031 DGRAM-032: host names are resolved here, and never in `sendTo`, which takes addresses only.
        @Test(arguments: LoopKind.allCases)
        func resolver_isUsedForNamesOnly(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let peer = try RawDatagrams()
                let info = AddressInfo(
                    address: peer.address, socketType: Socket.datagram, protocolNumber: Int32(IPPROTO_UDP))
                let resolver = FakeResolver(["there": .success([info])])
                loop.setResolver(resolver)
                let numeric = try await loop.endpoint(connectedTo: peer.address)
                #expect(resolver.questions.isEmpty)
                let (transport, told) = try await loop.createDatagramEndpoint(
                    localAddress: anyPort, remoteAddress: (host: "there", port: 7), flags: AI_ADDRCONFIG
                ) { DatagramRecorder(loop) }
                #expect(
                    resolver.questions == [
                        .init(host: "there", port: 7, type: Socket.datagram, flags: AI_ADDRCONFIG)
                    ])
                #expect(transport.peerAddress == peer.address)
                try await numeric.end()
                try await Endpoint(loop: loop, transport: transport, told: told).end()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func lookupsAndPorts_failWithTheirReason(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                loop.setResolver(FakeResolver([String: [SocketAddress]]()))
                let unknown = try await loopError {
                    try await loop.createDatagramEndpoint(remoteAddress: (host: "nowhere", port: 7)) {
                        DatagramRecorder(loop)
                    }
                }
                #expect(unknown.code == .lookupFailed && unknown.address == "nowhere:7")
                let port = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: (host: "127.0.0.1", port: 65536)) {
                        DatagramRecorder(loop)
                    }
                }
                #expect(port.code == .invalidArgument)
                #expect(port.description.contains("port must be 0...65535"))
                let family = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: anyPort, family: .ipv6) {
                        DatagramRecorder(loop)
                    }
                }
                #expect(family.code == .invalidArgument)
                let unix = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: anyPort, family: .unix) {
                        DatagramRecorder(loop)
                    }
                }
                #expect(unix.code == .invalidArgument && unix.description.contains("SocketAddress(unixPath:)"))
            }
        }

        /// The first pair of addresses that works is used; if none does, the first error is thrown.
        @Test(arguments: LoopKind.allCases)
        func severalAddresses_areTriedInOrder(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                func infos(_ hosts: [String]) throws -> Result<[AddressInfo], any Error> {
                    .success(
                        try hosts.map {
                            AddressInfo(
                                address: try SocketAddress(ipAddress: $0, port: 0), socketType: Socket.datagram,
                                protocolNumber: Int32(IPPROTO_UDP))
                        })
                }
                // Documentation addresses, which no interface has.
                let (foreign, foreign6) = ("192.0.2.1", "2001:db8::1")
                loop.setResolver(
                    FakeResolver([
                        "second": try infos([foreign6, "127.0.0.1"]), "none": try infos([foreign, foreign6]),
                    ]))
                let (transport, told) = try await loop.createDatagramEndpoint(
                    localAddress: (host: "second", port: 0)
                ) { DatagramRecorder(loop) }
                #expect(transport.localAddress?.host == "127.0.0.1")
                try await Endpoint(loop: loop, transport: transport, told: told).end()
                let error = try await loopError {
                    try await loop.createDatagramEndpoint(localAddress: (host: "none", port: 0)) {
                        DatagramRecorder(loop)
                    }
                }
                #expect(error.operation == "bind" && error.errno == .addressNotAvailable)
                #expect(error.address == "\(foreign):0")
            }
        }

        /// DGRAM-037.
        @Test(arguments: LoopKind.allCases)
        func cancelling_endsTheLookup_andLeavesNoSocket(_ kind: LoopKind) async throws {
            final class Deaf: Resolver {
                func addresses(
                    host: String?, port: Int, family: AddressFamily, type: Int32, proto: Int32, flags: Int32
                ) async throws -> [AddressInfo] {
                    try await Task.sleep(for: .seconds(3600))
                    return []
                }

                func names(of address: SocketAddress, flags: Int32) async throws -> (host: String, service: String) {
                    ("", "")
                }
            }
            try await runLoop(kind) { loop, _ in
                loop.setResolver(Deaf())
                let task = loop.createTask {
                    _ = try await loop.createDatagramEndpoint(
                        localAddress: anyPort, remoteAddress: (host: "there", port: 7)
                    ) { DatagramRecorder(loop) }
                }
                try await loop.turns()
                await expectCancelled(task)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func endpoints_areRefused_whenTheLoopIsClosed(_ kind: LoopKind) async throws {
            let loop = try kind.make()
            try loop.close()
            let socket = try Socket(family: .ipv4, type: Socket.datagram)
            let errors = [
                try await loopError { try await loop.endpoint() },
                try await loopError { try await loop.endpoint(socket) },
                try await loopError { try await loop.openDatagramEndpoint(localAddress: anyPort) },
            ]
            #expect(errors.allSatisfy { $0.code == .closed })
            #expect(socket.fileDescriptor >= 0)
        }
    }
}
