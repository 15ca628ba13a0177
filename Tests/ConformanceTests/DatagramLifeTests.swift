import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Protocol objects, threads, and the end of the loop.
    @Suite struct DatagramLife {
        /// The former protocol object gets no further calls.
        @Test(arguments: LoopKind.allCases)
        func setProtocol_movesTheNotifications(_ kind: LoopKind) async throws {
            final class Stream: StreamProtocol {
                func dataReceived(_ data: RawSpan) {}
            }
            try await withEndpoints(kind) { one, other in
                let successor = DatagramRecorder(one.loop)
                successor.connectionMade(other.transport)
                other.told.when = { [transport = other.transport] event in
                    if event == .datagram { try? transport.setProtocol(successor) }
                }
                for byte in 0..<3 as Range<UInt8> { one.transport.sendTo([byte], try other.address) }
                try await successor.wait { successor.datagrams.count == 2 }
                #expect(other.told.datagrams.map(\.bytes) == [[0]])
                #expect(successor.datagrams.map(\.bytes) == [[1], [2]])
                #expect(other.transport.protocol === successor)
                let error = try await loopError { try other.transport.setProtocol(Stream()) }
                #expect(error.code == .invalidArgument)
                other.told.when = { _ in }
                try other.transport.setProtocol(other.told)
            }
        }

        /// A loop that closes drops its endpoints without a notification, and closes their sockets.
        @Test(arguments: LoopKind.allCases)
        func closingTheLoop_dropsEndpoints(_ kind: LoopKind) async throws {
            let box = EndpointBox()
            try await onThread {
                let before = OpenSockets.open()
                let loop = try kind.make()
                let peer = try RawDatagrams()
                try loop.runUntilComplete {
                    let endpoint = try await loop.endpoint()
                    box.told = endpoint.told
                    for _ in 0..<10 { endpoint.transport.sendTo([1], peer.address) }
                }
                #expect(box.told?.events == [.made])
                try loop.close()
                peer.close()
                #expect(box.told == nil, "a closed loop retains the protocol object")
                #expect(OpenSockets.left(since: before) == [])
            }
        }

        /// Datagrams that are sent in a run's last turn do not wait for the next run.
        @Test(arguments: LoopKind.allCases)
        func datagrams_ofTheLastTurn_areSent(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let peer = try RawDatagrams()
                let box = EndpointBox()
                try loop.runUntilComplete {
                    let endpoint = try await loop.endpoint()
                    box.endpoint = endpoint
                    endpoint.transport.sendTo([1], peer.address)
                }
                let endpoint = try #require(box.endpoint)
                try loop.turn(until: { endpoint.transport.writeBufferSize == 0 })
                #expect(peer.receive() == [1])
                // Between two runs, the loop's thread may use its endpoints.
                endpoint.transport.sendTo([2], peer.address)
                endpoint.transport.close()
                try loop.turn(until: { endpoint.told.count(.lost) == 1 })
                #expect(peer.receive() == [2])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func use_onTheWrongThread_isReported_andHasNoEffect(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, exceptions in
                let (peer, endpoint) = (try RawDatagrams(), try await loop.endpoint())
                let (transport, address) = (endpoint.transport, peer.address)
                try await onThread {
                    transport.sendTo([1], address)
                    transport.pauseReading()
                    transport.close()
                    transport.abort()
                    #expect(throws: EventLoopError.self) {
                        try transport.setWriteBufferLimits(high: 1, low: nil)
                    }
                }
                try await loop.turns()
                let errors = exceptions.take().compactMap { $0.error as? EventLoopError }
                #expect(errors.map(\.operation) == ["sendTo", "pauseReading", "close", "abort"])
                #expect(errors.allSatisfy { $0.code == .wrongThread })
                #expect(transport.isReading && !transport.isClosing && peer.receive() == nil)
                try await endpoint.end()
            }
        }

        /// DEBUG-008.
        @Test(arguments: LoopKind.allCases)
        func lifecycle_isLogged_inDebugMode(_ kind: LoopKind) async throws {
            let log = LogRecorder(about: "<DatagramTransport")
            defer { log.stop() }
            try await runLoop(kind) { loop, _ in
                loop.debug = true
                loop.slowCallbackDuration = .seconds(60)
                let endpoint = try await loop.endpoint()
                endpoint.transport.pauseReading()
                endpoint.transport.resumeReading()
                endpoint.transport.sendTo([1], try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                try await endpoint.told.wait { !endpoint.told.errors.isEmpty }
                try await endpoint.end()
            }
            for part in ["is ready, for", "pauses reading", "resumes reading", "EINVAL", "is closed"] {
                #expect(log.texts(.debug).contains { $0.contains(part) }, "\(part) in \(log.lines)")
            }
        }

        /// A descriptor that an endpoint uses cannot be watched.
        @Test(arguments: LoopKind.allCases)
        func descriptor_isTheTransports(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let endpoint = try await loop.endpoint()
                let error = try await loopError { try loop.addReader(endpoint.transport.socket) {} }
                #expect(error.code == .descriptorInUse && error.description.contains("used by transport"))
                #expect("\(endpoint.transport)".contains("DatagramTransport fd="))
                let address = endpoint.transport.localAddress
                try await endpoint.end()
                #expect(endpoint.transport.socket.fileDescriptor == -1, "the number may belong to another file")
                #expect(address != nil && endpoint.transport.localAddress == address)
            }
        }
    }
}
