import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// What an endpoint for async code does when its transport ends, and which options it refuses.
    @Suite struct DatagramEnds {
        private func bound() throws -> Socket {
            let socket = try Socket(family: .ipv4, type: Socket.datagram)
            try socket.bind(to: try SocketAddress(ipAddress: "127.0.0.1", port: 0))
            return socket
        }

        /// The transport drops what is sent after its end, so the endpoint must not return as if it had been sent.
        @Test(arguments: LoopKind.allCases)
        func send_throws_onceTheTransportIsClosing(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let peer = try RawDatagrams()
                let endpoint = try await loop.openDatagramEndpoint(socket: try bound())
                try await endpoint.send([1], to: peer.address)
                endpoint.transport.close()
                let error = try await loopError { try await endpoint.send([2], to: peer.address) }
                #expect(error.code == .closed && error.operation == "send")
                #expect(try await peer.next(on: loop) == [1])
                try await endpoint.waitClosed()
                #expect(peer.receive() == nil)
            }
        }

        #if DEBUG
            @Test(arguments: LoopKind.byReadiness)
            func send_throwsTheErrorThatEndedTheTransport(_ kind: LoopKind) async throws {
                try await runLoop(kind) { loop, exceptions in
                    let (peer, faults) = (try RawDatagrams(), LoopFaults(loop))
                    defer { faults.remove() }
                    let endpoint = try await loop.openDatagramEndpoint(socket: try bound())
                    faults.inject(.refuse(.badFileDescriptor), into: .sendDatagrams, 1)
                    try await endpoint.send([1], to: peer.address)
                    try await loop.eventually("the endpoint ends") { endpoint.transport.isClosing }
                    let error = try await loopError { try await endpoint.send([2], to: peer.address) }
                    #expect(error.errno == .badFileDescriptor)
                    _ = try await loopError { try await endpoint.waitClosed() }
                    #expect(exceptions.take().count == 1)
                }
            }
        #endif

        /// Only the user's own `close()` drops what has arrived.
        @Test(arguments: LoopKind.allCases)
        func datagrams_thatHadArrived_areReceivedAfterTheEnd(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let peer = try RawDatagrams()
                let endpoint = try await loop.openDatagramEndpoint(socket: try bound())
                let address = try #require(endpoint.transport.localAddress)
                for byte in 0..<64 as Range<UInt8> { try peer.send([byte], to: address) }
                try await loop.eventually("the endpoint is full") { !endpoint.transport.isReading }
                endpoint.transport.abort()
                try await endpoint.waitClosed()
                for byte in 0..<60 as Range<UInt8> { #expect(try await endpoint.receive().bytes == [byte]) }
                var rest: [[UInt8]] = []
                for try await (bytes, _) in endpoint { rest.append(bytes) }
                #expect(rest == [[60], [61], [62], [63]])
                let error = try await loopError { try await endpoint.receive() }
                #expect(error.code == .closed)
            }
        }

        /// The kernel would ignore such options.
        @Test(arguments: LoopKind.allCases)
        func options_thatTheSocketCannotHonour_areRefused(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                let unix = try await loop.openDatagramEndpoint(socket: socket)
                let internet = try await loop.openDatagramEndpoint(socket: try bound())
                let source = try SocketAddress(ipAddress: "::1", port: 0)
                let refused = [
                    (unix, DatagramSendOptions(segmentSize: 1)), (unix, DatagramSendOptions(source: source)),
                    (unix, DatagramSendOptions(interface: 1)), (unix, DatagramSendOptions(trafficClass: 1)),
                    (internet, DatagramSendOptions(source: source)),
                    (internet, DatagramSendOptions(source: try SocketAddress(unixPath: "/tmp/none"))),
                ]
                for (endpoint, options) in refused {
                    let address = endpoint === unix ? nil : endpoint.transport.localAddress
                    let error = try await loopError { try await endpoint.send([1], to: address, options: options) }
                    #expect(error.code == .invalidArgument && error.operation == "sendTo", "\(options)")
                }
                try await unix.send([2], options: DatagramSendOptions())
                #expect(try await peer.next(on: loop) == [2])
                for endpoint in [unix, internet] {
                    endpoint.close()
                    try await endpoint.waitClosed()
                }
            }
        }
    }
}
