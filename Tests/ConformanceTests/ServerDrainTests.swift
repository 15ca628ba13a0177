import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// `Server.close(deadline:)`.
    @Suite struct ServerDraining {
        @Test(arguments: LoopKind.allCases)
        func close_waitsForTheConnections_andReportsThem(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let port = server.port
                let peers = try (0..<3).map { _ in try RawPeer.connect(port) }
                try await loop.eventually("the visitors") { visitors.all.count == 3 }
                #expect(!server.isDraining)
                let closing = loop.createTask { try await server.close(deadline: .seconds(30)) }
                try await loop.eventually("draining") { server.isDraining }
                #expect(try !Servers.listens(port), "new connections are refused at once")
                #expect(!server.isServing && server.sockets.isEmpty)
                try peers[0].send([1])
                try await visitors.all[0].wait { visitors.all[0].received == [1] }
                #expect(!closing.isDone)
                for peer in peers { peer.close() }
                let report = try await closing.value
                #expect(report.drained == 3 && report.aborted == 0 && report.refused == 0 && report.unsentBytes == 0)
                #expect(report.duration < .seconds(30))
                #expect(report.description.contains("drained=3"))
                #expect(visitors.all.allSatisfy { $0.isLost })
                try await server.waitClosed()
                #expect(!server.isDraining)
            }
        }

        @Test(arguments: LoopKind.allCases)
        func close_abortsAtTheDeadline_whatIsStillOpen(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let peers = try (0..<2).map { _ in try RawPeer.connect(server.port, receiveBuffer: 4096) }
                try await loop.eventually("the visitors") { visitors.all.count == 2 }
                visitors.all[0].transport?.write(Pattern.bytes(8 << 20))
                let closing = loop.createTask { try await server.close(deadline: .seconds(3600)) }
                peers[1].close()
                try await visitors.all[1].waitUntilLost()
                let last = try await server.close(deadline: .milliseconds(10))
                #expect(last.drained == 0 && last.aborted == 1 && last.duration >= .milliseconds(10))
                let report = try await closing.value
                #expect(report.drained == 1 && report.aborted == 1)
                #expect(report.unsentBytes > 0 && report.unsentBytes <= 8 << 20)
                #expect(visitors.all.allSatisfy { $0.count(.lost) == 1 })
                peers[0].close()
            }
        }

        /// Connections in the kernel's queue would be reset by closing the listening socket.
        @Test(arguments: LoopKind.allCases)
        func close_servesTheConnections_thatWaitToBeAccepted(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for turns in 0..<4 {
                    let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                        writer.write(try await reader.readLine())
                    }
                    let peers = try (0..<40).map { number in
                        let peer = try RawPeer.connect(server.port)
                        try peer.send(Array("\(number)\n".utf8))
                        return peer
                    }
                    try await loop.turns(turns)
                    let report = try await server.close(deadline: .seconds(30))
                    #expect(report.aborted == 0 && report.refused == 0)
                    for (number, peer) in peers.enumerated() {
                        #expect(try peer.receiveAll() == Array("\(number)\n".utf8))
                        peer.close()
                    }
                }
            }
        }

        /// Regression test: a negative backlog, which the kernel takes as its maximum, ended the process.
        @Test(arguments: LoopKind.allCases, [-1, .min, 0, .max])
        func close_servesTheConnections_withAnyBacklog(_ kind: LoopKind, backlog: Int) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0, backlog: backlog) {
                    reader, writer in writer.write(try await reader.readLine())
                }
                let peer = try RawPeer.connect(server.port)
                try peer.send(Array("line\n".utf8))
                let report = try await server.close(deadline: .seconds(30))
                #expect(report.drained == 1 && report.aborted == 0 && report.refused == 0)
                #expect(try peer.receiveAll() == Array("line\n".utf8))
                peer.close()
            }
        }

        /// Regression test: the server went on to accept from a socket that it had closed.
        @Test(arguments: LoopKind.allCases, [false, true])
        func close_endsWithTheServer_thatUserCodeCloses(_ kind: LoopKind, inFactory: Bool) async throws {
            try await runLoop(kind) { loop, _ in
                var server: Server!
                let visitors = Visitors(loop)
                visitors.prepare = { visitor in
                    if inFactory { server.close() }
                    visitor.when = { if $0 == .made { server.close() } }
                }
                server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let port = server.port
                let peers = try (0..<20).map { _ in try RawPeer.connect(port) }
                try await server.close(deadline: .zero)
                #expect(visitors.all.count == 1, "the others are closed")
                #expect(visitors.all[0].count(.made) == (inFactory ? 0 : 1))
                #expect(try !Servers.listens(port))
                // The loop closes the listening socket in a later turn.
                try await onThread {
                    for peer in peers {
                        #expect((try? peer.receiveAll()) ?? [] == [])
                        peer.close()
                    }
                }
                visitors.all[0].when = { _ in }
                server = nil
            }
        }

        /// Connections that are held at the limit are served during the drain; those that are not served are counted.
        @Test(arguments: LoopKind.allCases)
        func close_servesHeldConnections_withinTheLimit(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, maxConnections: 1) {
                    visitors.make()
                }
                let peers = try (0..<4).map { _ in try RawPeer.connect(server.port) }
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let closing = loop.createTask { try await server.close(deadline: .seconds(3600)) }
                try await loop.eventually("draining") { server.isDraining && server.heldConnectionCount == 3 }
                peers[0].close()
                try await loop.eventually("the next visitor") { visitors.all.count == 2 }
                try await server.close(deadline: .zero)
                let report = try await closing.value
                #expect(report.drained == 1 && report.aborted == 1 && report.refused == 2)
                #expect(visitors.all.count == 2)
                for peer in peers { peer.close() }
            }
        }

        @Test(arguments: LoopKind.allCases)
        func cancellation_abortsAtOnce(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let closing = loop.createTask { try await server.close(deadline: .seconds(3600)) }
                try await loop.eventually("draining") { server.isDraining }
                await expectCancelled(closing)
                #expect(visitors.all[0].isLost && visitors.all[0].loss == nil)
                #expect(!server.isDraining && server.connectionCount == 0)
                try await server.waitClosed()
                peer.close()
            }
        }

        /// A task that is cancelled before it closes the server still closes it.
        @Test(arguments: LoopKind.allCases)
        func close_inACancelledTask_closesTheServer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let port = server.port
                let task = loop.createTask {
                    withUnsafeCurrentTask { $0?.cancel() }
                    _ = try await server.close(deadline: .seconds(30))
                }
                await #expect(throws: CancellationError.self) { try await task.value }
                #expect(try !Servers.listens(port))
                try await server.waitClosed()
            }
        }

        /// Protocol objects end their connections themselves, as soon as they have finished.
        @Test(arguments: LoopKind.allCases)
        func protocols_areNotified_once(_ kind: LoopKind) async throws {
            final class Polite: StreamProtocol {
                var notices = 0
                private var transport: (any StreamTransport)?
                func connectionMade(_ transport: any StreamTransport) { self.transport = transport }
                func dataReceived(_ data: RawSpan) {}
                func connectionLost(_ error: (any Error)?) { transport = nil }
                func serverIsDraining() {
                    notices += 1
                    transport?.write("bye")
                    transport?.close()
                }
            }
            try await runLoop(kind) { loop, _ in
                var made: [Polite] = []
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) {
                    made.append(Polite())
                    return made[made.count - 1]
                }
                var peers = [try RawPeer.connect(server.port)]
                try await loop.eventually("a connection") { server.connectionCount == 1 }
                // This one is accepted by the drain.
                peers.append(try RawPeer.connect(server.port))
                let report = try await server.close(deadline: .seconds(30))
                #expect(report.drained == 2 && report.aborted == 0)
                #expect(made.map(\.notices) == [1, 1])
                for peer in peers {
                    #expect(try peer.receiveAll() == Array("bye".utf8))
                    peer.close()
                }
            }
        }

        /// An idle handler races its next read with the notice.
        @Test(arguments: LoopKind.allCases)
        func handlers_learnOfTheDrain(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var server: Server!
                server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    let notice = loop.createTask { [server] in
                        try await server?.waitDraining()
                        writer.close()
                    }
                    defer { notice.cancel() }
                    while let line = try? await reader.readLine(), !line.isEmpty, server?.isDraining == false {
                        writer.write(line)
                    }
                }
                let peer = try RawPeer.connect(server.port)
                try peer.send([0x61, 0x0A])
                let answer = try await onThread { try peer.receive(2) }
                #expect(answer == [0x61, 0x0A])
                let report = try await server.close(deadline: .seconds(30))
                #expect(report.drained == 1 && report.aborted == 0)
                #expect(try peer.receiveAll() == [])
                try await server.waitDraining()
                peer.close()
                server = nil
            }
        }

        /// A handler needs no reference to the server: its writer knows of the drain.
        @Test(arguments: LoopKind.allCases)
        func writers_learnOfTheDrain(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    let notice = loop.createTask {
                        try await writer.waitServerDraining()
                        #expect(writer.isServerDraining)
                        writer.write("bye")
                        writer.close()
                    }
                    defer { notice.cancel() }
                    #expect(!writer.isServerDraining)
                    // Returns normally when this end closes the connection.
                    try await reader.forEachLine { line in writer.write(line) }
                    #expect(notice.isDone)
                    #expect(!writer.isServerDraining, "the connection is lost")
                    let late = try await loopError { try await writer.waitServerDraining() }
                    #expect(late.code == .closed)
                }
                let peer = try RawPeer.connect(server.port)
                try peer.send([0x61, 0x0A])
                let answer = try await onThread { try peer.receive(1) }
                #expect(answer == [0x61])
                let report = try await server.close(deadline: .seconds(30))
                #expect(report.drained == 1 && report.aborted == 0)
                #expect(try peer.receiveAll() == Array("bye".utf8))
                peer.close()
            }
        }

        /// A wait for the drain also ends when the server closes without one, and fails where there is no server.
        @Test(arguments: LoopKind.allCases)
        func writers_waitForTheDrain_ofAnyServer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                var waits: [LoopTask<Void>] = []
                let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                    waits.append(loop.createTask { try await writer.waitServerDraining() })
                    waits.append(loop.createTask { try await writer.waitServerDraining() })
                    _ = try await reader.read()
                }
                let (_, writer) = try await loop.openConnection(host: "127.0.0.1", port: server.port)
                try await loop.eventually("the handler waits") { waits.count == 2 }
                #expect(!writer.isServerDraining)
                let error = try await loopError { try await writer.waitServerDraining() }
                #expect(error.code == .invalidState && error.operation == "waitServerDraining")
                await expectCancelled(waits[0])
                #expect(!waits[1].isDone)
                server.close()
                try await waits[1].value
                waits = []
                writer.close()
                try await writer.waitClosed()
                try await server.waitClosed()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func serveForever_endsAfterTheDrain(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let serving = loop.createTask { try await server.serveForever() }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let closing = loop.createTask { try await server.close(deadline: .seconds(30)) }
                try await loop.eventually("draining") { server.isDraining }
                try await loop.turns(3)
                #expect(!serving.isDone)
                let error = try await loopError { try server.startServing() }
                #expect(error.code == .closed)
                peer.close()
                let report = try await closing.value
                #expect(report.drained == 1)
                await #expect(throws: CancellationError.self) { try await serving.value }
            }
        }

        /// The earliest deadline applies, and each report counts every connection once.
        @Test(arguments: LoopKind.allCases)
        func deadlines_canBeSeveral_alsoAfterClose(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let peers = try (0..<3).map { _ in try RawPeer.connect(server.port) }
                try await loop.eventually("the visitors") { visitors.all.count == 3 }
                server.close()
                let closing = [Duration.seconds(3600), .milliseconds(20), .seconds(3600)].map { deadline in
                    loop.createTask { try await server.close(deadline: deadline) }
                }
                for task in closing {
                    let report = try await task.value
                    #expect(report.drained == 0 && report.aborted == 3)
                }
                let late = try await server.close(deadline: .seconds(3600))
                #expect(late.drained == 0 && late.aborted == 0)
                for peer in peers { peer.close() }
            }
        }

        /// Each held connection is delivered before the sequence ends.
        @Test(arguments: LoopKind.allCases)
        func sequence_finishes_onceTheWaitingConnectionsAreTaken(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0)
                let peers = try (0..<5).map { _ in try RawPeer.connect(server.port) }
                let closing = loop.createTask { try await server.close(deadline: .seconds(30)) }
                var taken = 0
                for try await (_, writer) in server.connections {
                    taken += 1
                    writer.close()
                }
                #expect(taken == 5)
                let report = try await closing.value
                #expect(report.drained == 5 && report.refused == 0)
                for peer in peers { peer.close() }
            }
        }

        /// The harness counts descriptors.
        @Test(arguments: LoopKind.allCases)
        func closingTheLoop_endsTheDrain(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let peer = try loop.runUntilComplete {
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0, maxConnections: 1) {
                        StreamRecorder(loop)
                    }
                    let peers = try [RawPeer.connect(server.port), RawPeer.connect(server.port)]
                    try await loop.eventually("a connection") { server.connectionCount == 1 }
                    _ = loop.createTask { try await server.close(deadline: .seconds(3600)) }
                    try await loop.eventually("draining") { server.isDraining && server.heldConnectionCount == 1 }
                    return peers
                }
                try loop.close()
                for peer in peer { #expect((try? peer.receiveAll()) ?? [] == []) }
            }
        }
    }
}
