import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// A server whose connections are served by all loops of a group.
    @Suite struct GroupServers {
        /// Echoes, and records on which loops.
        private final class Echo: StreamProtocol {
            private var transport: (any StreamTransport)?
            private let used: Locked<Set<ObjectIdentifier>>

            init(_ used: Locked<Set<ObjectIdentifier>>) {
                self.used = used
            }

            func connectionMade(_ transport: any StreamTransport) {
                self.transport = transport
                guard let loop = try? getRunningLoop() else { return }
                used.update { _ = $0.insert(ObjectIdentifier(loop)) }
            }

            func dataReceived(_ data: RawSpan) { transport?.write(data) }
            func connectionLost(_ error: (any Error)?) { transport = nil }
        }

        @Test(arguments: LoopKind.allCases, [ConnectionDistribution.kernel, .roundRobin, .leastConnections])
        func connections_areServedByAllLoops(_ kind: LoopKind, _ distribution: ConnectionDistribution) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let used = Locked<Set<ObjectIdentifier>>([])
                let server = try await group.createServer(host: "127.0.0.1", port: 0, distribution: distribution) {
                    Echo(used)
                }
                let port = try #require(server.port)
                #expect(server.isServing && port != 0 && server.addresses.count == 1)
                let peers = try await onThread {
                    let peers = try (0..<64).map { _ in try RawPeer.connect(port) }
                    for (number, peer) in peers.enumerated() {
                        try peer.send([UInt8(number)])
                        #expect(try peer.receive(1) == [UInt8(number)])
                    }
                    return peers
                }
                #expect(server.connectionCount == 64)
                #expect(used.value == Set(group.loops.map { ObjectIdentifier($0) }))
                if distribution != .kernel { #expect(server.connectionCounts == [32, 32]) }
                server.close()
                #expect(!server.isServing)
                for peer in peers { peer.close() }
                try await server.waitClosed()
                #expect(server.connectionCount == 0)
                #expect(throws: Errno.connectionRefused) { try RawPeer.connect(port) }
            }
        }

        /// Counts differ by one at most, whatever closes in between.
        @Test(arguments: [LoopKind.allCases[0], .epoll])
        func leastConnections_staysEven(_ kind: LoopKind) async throws {
            let count = TestSize.scaled(1000)
            try await withGroup([kind, kind]) { group, _ in
                let used = Locked<Set<ObjectIdentifier>>([])
                let server = try await group.createServer(
                    host: "127.0.0.1", port: 0, backlog: 4096, distribution: .leastConnections
                ) { Echo(used) }
                let port = try #require(server.port)
                try await onThread {
                    var peers = try (0..<count).map { _ in try RawPeer.connect(port) }
                    // Close every second one, all of them on the same loop, and open as many new ones.
                    for number in peers.indices where number % 2 == 0 { peers[number].close() }
                    peers = peers.enumerated().filter { $0.offset % 2 == 1 }.map(\.element)
                    wait { server.connectionCount == peers.count }
                    peers += try (0..<count / 2).map { _ in try RawPeer.connect(port) }
                    wait { server.connectionCount == peers.count }
                    let counts = server.connectionCounts
                    #expect(abs(counts[0] - counts[1]) <= peers.count / 20, "\(counts)")
                    for peer in peers { peer.close() }
                }
                server.close()
                try await server.waitClosed()
            }
        }

        /// Of two reusePort groups, the second would take half of the first one's connections.
        @Test func port_thatAnotherGroupListensOn_isRefused_unlessItIsToBeShared() async throws {
            let kind = LoopKind.allCases[0]
            try await withGroup([kind, kind]) { group, _ in
                let first = try await group.createServer(host: "127.0.0.1", port: 0) { SharedRecord().make() }
                let port = try #require(first.port)
                let error = try await loopError {
                    try await group.createServer(host: "127.0.0.1", port: port, addressInUseTimeout: .zero) {
                        SharedRecord().make()
                    }
                }
                #expect(error.errno == .addressInUse && error.detail.contains("sharesWithOtherProcesses"), "\(error)")
                let second = try await group.createServer(host: "127.0.0.1", port: port, sharesWithOtherProcesses: true)
                {
                    SharedRecord().make()
                }
                #expect(second.port == port)
                for server in [first, second] {
                    server.close()
                    try await server.waitClosed()
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func socketOfAnotherParty_isServedByAllLoops(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let socket = try Socket(family: .ipv4)
                try socket.bind(to: try SocketAddress(ipAddress: "127.0.0.1", port: 0))
                await expectLoopErrorLater(.invalidArgument) {
                    try await group.createServer(socket: socket, distribution: .kernel) { SharedRecord().make() }
                }
                #expect(socket.fileDescriptor >= 0)
                let server = try await group.createServer(socket: socket) { SharedRecord().make() }
                let peers = try (0..<8).map { _ in try RawPeer.connect(try #require(server.port)) }
                try await eventually("all are accepted") { server.connectionCounts == [4, 4] }
                server.closeClients()
                try await eventually("all are closed") { server.connectionCount == 0 }
                for peer in peers { peer.close() }
                server.close()
                try await server.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func serveForever_endsWithItsTask_andClosesTheServer(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let server = try await group.createServer(host: "127.0.0.1", port: 0) { SharedRecord().make() }
                let task = Task { try await server.serveForever() }
                let peer = try RawPeer.connect(try #require(server.port))
                try await eventually("it serves") { server.connectionCount == 1 }
                task.cancel()
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(!server.isServing)
                peer.close()
                server.abortClients()
                try await server.waitClosed()
            }
        }

        /// The end must not overtake accepted connections, and none may be lost.
        @Test(arguments: LoopKind.allCases)
        func close_duringAStormOfConnections_leavesNothing(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let records = Locked<[SharedRecord]>([])
                // Large enough that the kernel drops no connection: the client would retry a second later.
                let server = try await group.createServer(
                    host: "127.0.0.1", port: 0, backlog: 4096, distribution: .roundRobin
                ) {
                    let record = SharedRecord()
                    records.update { $0.append(record) }
                    return record.make()
                }
                let port = try #require(server.port)
                try await onThread {
                    var peers: [RawPeer] = []
                    while peers.count < 200, let peer = try? RawPeer.connect(port) {
                        peers.append(peer)
                        if peers.count == 100 { server.close() }
                    }
                    for peer in peers { peer.close() }
                }
                server.abortClients()
                try await server.waitClosed()
                try await eventually("each protocol object is released") { records.value.allSatisfy(\.isLost) }
            }
        }

        /// Connections that wait to be accepted, or are in transit to another loop, are served before the deadline.
        @Test(arguments: LoopKind.allCases, [ConnectionDistribution.kernel, .leastConnections])
        func closeWithDeadline_servesWaitingConnections(
            _ kind: LoopKind, _ distribution: ConnectionDistribution
        ) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let used = Locked<Set<ObjectIdentifier>>([])
                let server = try await group.createServer(host: "127.0.0.1", port: 0, distribution: distribution) {
                    Echo(used)
                }
                let port = try #require(server.port)
                let peers = try (0..<40).map { _ in try RawPeer.connect(port) }
                async let report = server.close(deadline: .seconds(30))
                try await onThread {
                    for peer in peers {
                        try peer.send([7])
                        #expect(try peer.receive(1) == [7])
                        peer.close()
                    }
                }
                // A connection that ends before its loop begins to close is not in the report.
                let (aborted, refused) = (try await report.aborted, try await report.refused)
                #expect(aborted == 0 && refused == 0)
                #expect(!server.isServing && server.connectionCount == 0)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func closeWithDeadline_abortsWhatIsLeft(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let server = try await group.createServer(host: "127.0.0.1", port: 0, distribution: .roundRobin) {
                    SharedRecord().make()
                }
                let peers = try (0..<6).map { _ in try RawPeer.connect(try #require(server.port)) }
                try await eventually("all are accepted") { server.connectionCount == 6 }
                let report = try await server.close(deadline: .milliseconds(1))
                #expect(report.aborted == 6 && report.drained == 0)
                #expect(server.connectionCount == 0)
                for peer in peers { peer.close() }
                // Closed already.
                let again = try await server.close(deadline: .seconds(30))
                #expect(again.aborted == 0)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func handlers_learnOfTheDrain_onEachLoop(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let server = try await group.startServer(
                    host: "127.0.0.1", port: 0, family: .ipv4, distribution: .roundRobin, keepAlive: true
                ) { reader, writer in
                    let notice = try getRunningLoop().createTask {
                        try await writer.waitServerDraining()
                        #expect(writer.isServerDraining)
                        writer.close()
                    }
                    defer { notice.cancel() }
                    try await reader.forEachChunk { writer.write($0) }
                }
                let peers = try (0..<4).map { _ in try RawPeer.connect(try #require(server.port)) }
                try await eventually("all are accepted") { server.connectionCount == 4 }
                let report = try await server.close(deadline: .seconds(30))
                #expect(report.drained == 4 && report.aborted == 0)
                for peer in peers {
                    #expect(try peer.receiveAll() == [])
                    peer.close()
                }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func startServer_runsHandlersOnAllLoops(_ kind: LoopKind) async throws {
            try await withGroup([kind, kind]) { group, _ in
                let used = Locked<Set<ObjectIdentifier>>([])
                let server = try await group.startServer(host: "127.0.0.1", port: 0, distribution: .roundRobin) {
                    reader, writer in
                    let loop = try getRunningLoop()
                    used.update { _ = $0.insert(ObjectIdentifier(loop)) }
                    writer.write(try await reader.readLine())
                }
                let port = try #require(server.port)
                try await onThread {
                    for _ in 0..<4 {
                        let peer = try RawPeer.connect(port)
                        try peer.send(Array("line\n".utf8))
                        #expect(try peer.receiveAll() == Array("line\n".utf8))
                        peer.close()
                    }
                }
                #expect(used.value.count == 2)
                server.close()
                try await server.waitClosed()
            }
        }
    }
}

/// Blocks the calling thread until a condition holds.
private func wait(sourceLocation: SourceLocation = #_sourceLocation, until holds: () -> Bool) {
    let deadline = MonotonicClock.now() + 30_000_000_000
    while !holds() {
        if MonotonicClock.now() > deadline {
            Issue.record("the condition never held", sourceLocation: sourceLocation)
            return
        }
        usleep(500)
    }
}
