import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// The connections of a server as an async sequence.
    @Suite struct ServerConnectionsTests {
        private static func start(_ loop: any AbstractEventLoop, maxConnections: Int? = nil) async throws -> Server {
            try await loop.startServer(
                host: "127.0.0.1", port: 0, backlog: 1000, maxConnections: maxConnections, addressInUseTimeout: .zero)
        }

        @Test(arguments: LoopKind.allCases)
        func sequence_yieldsEachConnection_andFinishesWithTheServer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await Self.start(loop)
                let peers = try (0..<5).map { number in
                    let peer = try RawPeer.connect(server.port)
                    try peer.send(Array("hello \(number)\n".utf8))
                    return peer
                }
                var greetings: [String] = []
                for try await (reader, writer) in server.connections {
                    greetings.append(text(try await reader.readLine()))
                    writer.write("bye\n")
                    writer.close()
                    if greetings.count == 5 { server.close() }
                }
                #expect(greetings == (0..<5).map { "hello \($0)\n" })
                try await server.waitClosed()
                for peer in peers {
                    #expect(try peer.receiveAll() == Array("bye\n".utf8))
                    peer.close()
                }
            }
        }

        /// Connections wait in the kernel's queue, not in the process.
        @Test(arguments: LoopKind.allCases)
        func server_stopsAccepting_whileTheConsumerIsBehind(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                func isAccepting() -> Bool { loop.pendingOperations.contains { $0.name == "accept" } }
                let server = try await Self.start(loop)
                let peers = try (0..<64).map { _ in try RawPeer.connect(server.port) }
                try await loop.eventually("a full queue") { server.heldConnectionCount == 64 && !isAccepting() }
                let late = try (0..<40).map { _ in try RawPeer.connect(server.port) }
                try await loop.turns(5)
                #expect(server.heldConnectionCount == 64)
                #expect(server.connectionCount == 0)
                var ports: [Int?] = []
                for try await (_, writer) in server.connections {
                    ports.append(writer.transport.peerAddress?.port)
                    writer.close()
                    if ports.count == 104 { break }
                }
                #expect(ports == (peers + late).map(\.localPort), "none is lost, and their order is kept")
                for peer in peers + late { peer.close() }
                try await server.closeAndWait()
            }
        }

        /// Connections that no consumer has taken stay with the server.
        @Test(arguments: LoopKind.allCases)
        func connections_wait_whenTheConsumerLeavesItsLoop(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await Self.start(loop)
                let peers = try (0..<6).map { _ in try RawPeer.connect(server.port) }
                var ports: [Int?] = []
                for _ in 0..<3 {
                    for try await (_, writer) in server.connections {
                        ports.append(writer.transport.peerAddress?.port)
                        writer.close()
                        if ports.count % 2 == 0 { break }
                    }
                }
                #expect(ports == peers.map(\.localPort))
                let unserved = try RawPeer.connect(server.port)
                try await loop.eventually("it is held") { server.heldConnectionCount == 1 }
                try await server.closeAndWait()
                #expect((try? unserved.receiveAll()) ?? [] == [])
                for peer in peers { peer.close() }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func next_isCancelled_andLosesNoConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await Self.start(loop)
                let task = loop.createTask {
                    for try await (_, writer) in server.connections { writer.close() }
                }
                try await loop.turns()
                await expectCancelled(task)
                let peer = try RawPeer.connect(server.port)
                let iterator = server.connections.makeAsyncIterator()
                var next = iterator
                let connection = try await next.next()
                #expect(connection?.writer.transport.peerAddress?.port == peer.localPort)
                connection?.writer.close()
                peer.close()
                try await server.closeAndWait()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func consumers_shareTheConnections(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await Self.start(loop)
                var taken = 0
                let consumers = (0..<3).map { _ in
                    loop.createTask {
                        for try await (_, writer) in server.connections {
                            taken += 1
                            writer.close()
                        }
                    }
                }
                try await loop.turns()
                let peers = try (0..<30).map { _ in try RawPeer.connect(server.port) }
                try await loop.eventually("all are taken") { taken == 30 }
                server.close()
                for consumer in consumers { try await consumer.value }
                for peer in peers { peer.close() }
                try await server.waitClosed()
                #expect(taken == 30)
            }
        }

        /// LOOP-033.
        @Test(arguments: LoopKind.allCases)
        func shutdownAsyncGenerators_finishesTheSequence(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await Self.start(loop)
                let task = loop.createTask {
                    for try await _ in server.connections { Issue.record("a connection") }
                }
                try await loop.turns()
                try await loop.shutdownAsyncGenerators()
                try await task.value
                #expect(server.isServing)
                server.close()
            }
        }

        /// The consumer gets no more connections than the limit allows to be open.
        @Test(arguments: LoopKind.allCases)
        func limit_appliesToTheConnectionsOfTheSequence(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await Self.start(loop, maxConnections: 2)
                let peers = try (0..<5).map { _ in try RawPeer.connect(server.port) }
                var writers: [StreamWriter] = []
                let task = loop.createTask {
                    for try await (_, writer) in server.connections { writers.append(writer) }
                }
                for number in 0..<5 {
                    try await loop.eventually("a connection") { writers.count == min(5, number + 2) }
                    try await loop.turns(3)
                    #expect(server.connectionCount <= 2)
                    writers[number].close()
                }
                try await server.closeAndWait()
                try await task.value
                #expect(writers.map { $0.transport.peerAddress?.port } == peers.map(\.localPort))
                for peer in peers { peer.close() }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func sequence_isRefused_ifTheServerHasAHandler(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { _, _ in }
                let error = try await loopError {
                    for try await _ in server.connections { Issue.record("a connection") }
                }
                #expect(error.code == .invalidState)
                #expect(error.description.contains("start one without it"))
                server.close()
            }
        }
    }
}
