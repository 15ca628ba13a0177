import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Datagrams in async code.
    @Suite struct DatagramEndpoints {
        /// Runs code with a bound endpoint, which is closed afterwards.
        private func withEndpoint(
            _ kind: LoopKind, queueLimit: Int = 64, sourceLocation: SourceLocation = #_sourceLocation,
            _ body: @escaping @Sendable (any AbstractEventLoop, DatagramEndpoint) async throws -> Void
        ) async throws {
            try await runLoop(kind, sourceLocation: sourceLocation) { loop, _ in
                let endpoint = try await loop.openDatagramEndpoint(localAddress: anyPort, queueLimit: queueLimit)
                do { try await body(loop, endpoint) } catch {
                    endpoint.close()
                    throw error
                }
                endpoint.close()
                try await endpoint.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func echo_isALoopOverTheEndpoint(_ kind: LoopKind) async throws {
            try await withEndpoint(kind) { loop, server in
                let task = loop.createTask {
                    for try await (bytes, sender) in server { try await server.send(bytes, to: sender) }
                }
                let address = try #require(server.transport.localAddress)
                let client = try await loop.openDatagramEndpoint(remoteAddress: address)
                for size in [1, 0, 1400, 65_507] {
                    try await client.send(Pattern.bytes(size))
                    let (bytes, sender) = try await client.receive()
                    #expect(bytes == Pattern.bytes(size) && sender == address)
                }
                client.close()
                try await client.waitClosed()
                server.close()
                try await task.value
            }
        }

        /// The error is thrown once, and the endpoint stays usable.
        @Test(arguments: LoopKind.allCases)
        func receive_throwsTheErrorsOfAConnectedEndpoint(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let dead = try RawListener.closedAddress()
                let endpoint = try await loop.openDatagramEndpoint(remoteAddress: dead)
                try await endpoint.send([1])
                let error = try await loopError { try await endpoint.receive() }
                #expect(error.errno == .connectionRefused)
                let peer = try RawDatagrams(at: dead)
                try await endpoint.send([2])
                #expect(try await peer.next(on: loop) == [2])
                try peer.send([3], to: try #require(endpoint.transport.localAddress))
                #expect(try await endpoint.receive().bytes == [3])
                endpoint.close()
                try await endpoint.waitClosed()
            }
        }

        /// One bad destination must not end the loop that serves the others.
        @Test(arguments: LoopKind.allCases)
        func errors_ofAnUnconnectedEndpoint_goToTheHandler(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                final class Errors { var all: [EventLoopError] = [] }
                let errors = Errors()
                let endpoint = try await loop.openDatagramEndpoint(localAddress: anyPort) { errors.all.append($0) }
                let address = try #require(endpoint.transport.localAddress)
                try await endpoint.send([1], to: try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                try await endpoint.send([2], to: address)
                #expect(try await endpoint.receive().bytes == [2])
                #expect(errors.all.map(\.errno) == [.invalidArgument])
                endpoint.close()
                try await endpoint.waitClosed()
            }
        }

        /// Each kind of error is logged once, and nothing is silently lost.
        @Test(arguments: LoopKind.allCases)
        func errors_withoutAHandler_areLogged(_ kind: LoopKind) async throws {
            try await withEndpoint(kind) { loop, endpoint in
                let address = try #require(endpoint.transport.localAddress)
                try await withLogLater { log in
                    for byte in 0..<3 as Range<UInt8> {
                        try await endpoint.send([9], to: try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                        try await endpoint.send([byte], to: address)
                        #expect(try await endpoint.receive().bytes == [byte])
                    }
                    let lines = log.texts(.warning).filter { $0.contains("lost a datagram") }
                    #expect(lines.count == 1)
                    #expect(lines.first?.contains("EINVAL") == true && lines.first?.contains("onError") == true)
                }
            }
        }

        /// An endpoint may be connected to a peer without a name.
        @Test(arguments: LoopKind.allCases)
        func receive_throwsTheErrors_ofAnUnnamedPeer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                let endpoint = try await loop.openDatagramEndpoint(socket: socket) { Issue.record("\($0)") }
                #expect(endpoint.transport.peerAddress == nil)
                peer.socket.close()
                try await endpoint.send([1])
                let error = try await loopError { try await endpoint.receive() }
                #expect(error.errno == .connectionRefused || error.errno == .notConnected)
                endpoint.close()
                try await endpoint.waitClosed()
            }
        }

        /// What the endpoint does not take stays in the socket's buffer.
        @Test(arguments: LoopKind.allCases)
        func limit_boundsWhatWaits_andLosesNothing(_ kind: LoopKind) async throws {
            try await withEndpoint(kind, queueLimit: 4) { loop, endpoint in
                #expect(endpoint.queueLimit == 4)
                let peer = try RawDatagrams()
                let address = try #require(endpoint.transport.localAddress)
                for byte in 0..<60 as Range<UInt8> { try peer.send([byte], to: address) }
                try await loop.eventually("the endpoint is full") { !endpoint.transport.isReading }
                for byte in 0..<60 as Range<UInt8> { #expect(try await endpoint.receive().bytes == [byte]) }
                #expect(endpoint.transport.isReading)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func send_waits_aboveTheHighLimit(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawDatagrams.pair()
                // A few datagrams fill it.
                try socket.setOption(SO_SNDBUF, level: SOL_SOCKET, to: 4096)
                let endpoint = try await loop.openDatagramEndpoint(socket: socket)
                try endpoint.transport.setWriteBufferLimits(high: 1000, low: nil)
                let sender = loop.createTask {
                    for _ in 0..<100 { try await endpoint.send(Pattern.bytes(500)) }
                }
                _ = try await loop.settled { endpoint.transport.writeBufferSize }
                #expect(!sender.isDone && endpoint.transport.writeBufferSize < 2000)
                for _ in 0..<100 { #expect(try await peer.next(on: loop) == Pattern.bytes(500)) }
                try await sender.value
                // Cancelled while it waits, a send is not made.
                let cancelled = loop.createTask {
                    for _ in 0..<100 { try await endpoint.send(Pattern.bytes(500)) }
                }
                _ = try await loop.settled { endpoint.transport.writeBufferSize }
                await expectCancelled(cancelled)
                let closed = loop.createTask { while true { try await endpoint.send([1]) } }
                try await loop.turns()
                endpoint.transport.abort()
                let error = try await loopError { try await closed.value }
                #expect(error.code == .closed)
                try await endpoint.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func cancelledReceive_losesNothing(_ kind: LoopKind) async throws {
            try await withEndpoint(kind) { loop, endpoint in
                let peer = try RawDatagrams()
                let address = try #require(endpoint.transport.localAddress)
                let waiting = loop.createTask { _ = try await endpoint.receive() }
                try await loop.turns()
                try peer.send([1], to: address)
                await expectCancelled(waiting)
                #expect(try await endpoint.receive().bytes == [1])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func severalReceivers_getEachDatagramOnce(_ kind: LoopKind) async throws {
            try await withEndpoint(kind) { loop, endpoint in
                final class Taken { var bytes: [UInt8] = [] }
                let taken = Taken()
                let tasks = (0..<3).map { _ in
                    loop.createTask { for try await (bytes, _) in endpoint { taken.bytes += bytes } }
                }
                let peer = try RawDatagrams()
                for byte in 0..<50 as Range<UInt8> {
                    try peer.send([byte], to: try #require(endpoint.transport.localAddress))
                }
                try await loop.eventually("all are taken") { taken.bytes.count == 50 }
                #expect(taken.bytes.sorted() == Array(0..<50))
                endpoint.close()
                for task in tasks { try await task.value }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func close_endsEverything(_ kind: LoopKind) async throws {
            try await withEndpoint(kind) { loop, endpoint in
                let peer = try RawDatagrams()
                let iterating = loop.createTask { for try await _ in endpoint {} }
                let receiving = loop.createTask { _ = try await endpoint.receive() }
                try await loop.turns()
                try await endpoint.send([7], to: peer.address)
                endpoint.close()
                endpoint.close()
                try await iterating.value
                let errors = [
                    try await loopError { try await receiving.value },
                    try await loopError { try await endpoint.receive() },
                    try await loopError { try await endpoint.send([1], to: peer.address) },
                ]
                #expect(errors.allSatisfy { $0.code == .closed })
                for try await _ in endpoint { Issue.record("a datagram after the end") }
                #expect(try await peer.next(on: loop) == [7])
            }
        }

        @Test(arguments: LoopKind.allCases)
        func sequences_end_whenTheLoopFinishesThem(_ kind: LoopKind) async throws {
            try await withEndpoint(kind) { loop, endpoint in
                let iterating = loop.createTask { for try await _ in endpoint {} }
                try await loop.turns()
                try await loop.shutdownAsyncGenerators()
                try await iterating.value
                let peer = try RawDatagrams()
                try peer.send([1], to: try #require(endpoint.transport.localAddress))
                #expect(try await endpoint.receive().bytes == [1], "only sequences are finished")
            }
        }

        @Test(arguments: LoopKind.allCases)
        func send_throwsWhatTheTransportRefuses(_ kind: LoopKind) async throws {
            try await withEndpoint(kind) { loop, endpoint in
                let address = try #require(endpoint.transport.localAddress)
                let client = try await loop.openDatagramEndpoint(remoteAddress: address)
                let stranger = try SocketAddress(ipAddress: "127.0.0.1", port: 9)
                let errors = [
                    try await loopError { try await endpoint.send([1]) },
                    try await loopError { try await client.send([1], to: stranger) },
                    try await loopError { try await client.send([1], options: DatagramSendOptions(segmentSize: 0)) },
                ]
                #expect(errors.allSatisfy { $0.code == .invalidArgument && $0.operation == "sendTo" })
                client.close()
                try await client.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func limit_mustBePositive(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let socket = try Socket(family: .ipv4, type: Socket.datagram)
                let address = try SocketAddress(ipAddress: "127.0.0.1", port: 9)
                let errors = [
                    try await loopError { try await loop.openDatagramEndpoint(localAddress: anyPort, queueLimit: 0) },
                    try await loopError { try await loop.openDatagramEndpoint(localAddress: address, queueLimit: -1) },
                    try await loopError {
                        try await loop.openDatagramEndpoint(remoteAddress: address, queueLimit: 0)
                    },
                    try await loopError { try await loop.openDatagramEndpoint(socket: socket, queueLimit: 0) },
                ]
                #expect(errors.allSatisfy { $0.code == .invalidArgument })
                #expect(errors.allSatisfy { $0.description.contains("queueLimit must be positive") })
            }
        }
    }
}
