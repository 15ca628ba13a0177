import EventLoops
import Kernel
import Proactor
import ProactorLoop
import TestSupport
import Testing

extension Conformance {
    /// From the first accepted connection to the last lost one.
    @Suite struct ServerLife {
        /// SERVER-015 SERVER-016.
        @Test(arguments: LoopKind.allCases)
        func startServing_startsListening(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, startServing: false) {
                    visitors.make()
                }
                #expect(!server.isServing)
                #expect(try !Servers.listens(server.port))
                try server.startServing()
                #expect(server.isServing)
                try server.startServing()
                #expect(server.isServing)
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                peer.close()
                server.close()
                try await server.waitClosed()
            }
        }

        /// SERVER-017 SERVER-018.
        @Test(arguments: LoopKind.allCases)
        func serveForever_closesTheServer_whenCancelled(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, startServing: false) {
                    visitors.make()
                }
                let task = loop.createTask { try await server.serveForever() }
                try await loop.eventually("serving") { server.isServing }
                let second = try await loopError { try await server.serveForever() }
                #expect(second.code == .invalidState)
                #expect(second.operation == "serveForever")
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let port = server.port
                await expectCancelled(task)
                #expect(!server.isServing)
                #expect(try !Servers.listens(port))
                #expect(!visitors.all[0].isLost, "an open connection was affected")
                peer.close()
                try await server.waitClosed()
            }
        }

        /// SERVER-019.
        @Test(arguments: LoopKind.allCases)
        func serving_isRefused_onceTheServerIsClosed(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                server.close()
                for error in [
                    try await loopError { try await server.serveForever() },
                    try await loopError { try server.startServing() },
                ] {
                    #expect(error.code == .closed)
                    #expect(error.description.contains("Server is closed"))
                }
            }
        }

        /// SERVER-020.
        @Test(arguments: LoopKind.allCases)
        func serveForever_isCancelled_whenTheServerCloses(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { StreamRecorder(loop) }
                let task = loop.createTask { try await server.serveForever() }
                try await loop.turns()
                server.close()
                await #expect(throws: CancellationError.self) { try await task.value }
            }
        }

        /// SERVER-021 SERVER-022 SERVER-023.
        @Test(arguments: LoopKind.allCases)
        func close_refusesNewConnectionsAtOnce_andKeepsOpenOnes(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let port = server.port
                server.close()
                // In the same turn: not even the accept in flight may accept the connection.
                #expect(try !Servers.listens(port))
                #expect(!server.isServing && server.sockets.isEmpty)
                server.close()
                try peer.send([1, 2, 3])
                try await visitors.all[0].wait { visitors.all[0].received == [1, 2, 3] }
                visitors.all[0].transport?.write([4])
                let answer = try await onThread { try peer.receive(1) }
                #expect(answer == [4])
                peer.close()
                try await server.waitClosed()
            }
        }

        /// SERVER-024 SERVER-025 SERVER-026, as of 3.12.1.
        @Test(arguments: LoopKind.allCases)
        func waitClosed_returns_onceClosedAndTheLastConnectionIsLost(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                let peer = try RawPeer.connect(server.port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let waiting = (0..<3).map { _ in loop.createTask { try await server.waitClosed() } }
                try await loop.turns()
                #expect(waiting.allSatisfy { !$0.isDone }, "not closed")
                await expectCancelled(loop.createTask { try await server.waitClosed() })
                server.close()
                try await loop.turns()
                #expect(waiting.allSatisfy { !$0.isDone }, "a connection is still open")
                peer.close()
                for task in waiting { try await task.value }
                #expect(visitors.all[0].isLost)
                try await server.waitClosed()
                let lonely = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                lonely.close()
                try await lonely.waitClosed()
            }
        }

        /// SERVER-027.
        @Test(arguments: LoopKind.allCases)
        func withServer_closesAndWaits_evenWhenItsBodyThrows(_ kind: LoopKind) async throws {
            struct Sudden: Error {}
            try await runLoop(kind) { loop, _ in
                for fails in [false, true] {
                    let visitors = Visitors(loop)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                    let peer = try RawPeer.connect(server.port)
                    loop.callLater(.milliseconds(30)) { peer.close() }
                    do {
                        let answer = try await withServer(server) { server in
                            try await loop.eventually("a visitor") { visitors.all.count == 1 }
                            #expect(server.isServing)
                            if fails { throw Sudden() }
                            return 42
                        }
                        #expect(answer == 42 && !fails)
                    } catch { #expect(error is Sudden && fails) }
                    #expect(!server.isServing)
                    #expect(visitors.all.allSatisfy { $0.isLost })
                }
            }
        }

        /// SERVER-030.
        @Test(arguments: LoopKind.allCases)
        func closeClients_flushes_andAbortClientsDoesNot(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let size = 8 << 20
                for aborts in [false, true] {
                    let visitors = Visitors(loop)
                    visitors.prepare = { visitor in
                        visitor.when = { [unowned visitor] in
                            if $0 == .made { visitor.transport?.write(Pattern.bytes(size)) }
                        }
                    }
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                    let peers = try (0..<2).map { _ in try RawPeer.connect(server.port, receiveBuffer: 4096) }
                    try await loop.eventually("both visitors") { visitors.all.count == 2 }
                    if aborts { server.abortClients() } else { server.closeClients() }
                    #expect(visitors.all.allSatisfy { $0.transport?.isClosing == true })
                    #expect(server.isServing)
                    for peer in peers {
                        let total = try await onThread { try peer.receivePattern() }
                        #expect(aborts ? (total ?? size) < size : total == size)
                    }
                    server.close()
                    try await server.waitClosed()
                    #expect(visitors.all.allSatisfy { $0.count(.lost) == 1 && $0.loss == nil })
                }
            }
        }

        /// SERVER-041.
        ///
        /// A closed server serves no connection.
        @Test(arguments: LoopKind.allCases)
        func closeWithinTheFactory_refusesTheConnection(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                var server: Server!
                server = try await loop.createServer(host: "127.0.0.1", port: 0) {
                    server.close()
                    return visitors.make()
                }
                let peer = try RawPeer.connect(server.port)
                try await server.waitClosed()
                try await loop.turns(3)
                #expect(server.connectionCount == 0)
                #expect(visitors.all.map(\.events) == [[]])
                peer.close()
                server = nil
            }
        }

        /// SERVER-041.
        @Test(arguments: LoopKind.allCases)
        func close_isSafe_withinUpcalls(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                for moment in [ProtocolRecorder.Event.made, .data, .eof, .lost] {
                    let visitors = Visitors(loop)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                    visitors.prepare = { $0.when = { if $0 == moment { server.close() } } }
                    let peers = try (0..<5).map { _ in try RawPeer.connect(server.port) }
                    try await loop.eventually("a visitor") { !visitors.all.isEmpty }
                    for peer in peers {
                        // Connections that the server no longer accepted are reset.
                        try? peer.send([1])
                        peer.close()
                    }
                    try await server.waitClosed()
                    #expect(visitors.all.allSatisfy { $0.isLost })
                }
            }
        }

        /// SERVER-042.
        ///
        /// The harness checks what is left.
        @Test(arguments: LoopKind.allCases)
        func closingTheLoop_endsServersAndConnections_withoutAReport(_ kind: LoopKind) async throws {
            try await withLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                nonisolated(unsafe) let unsafeVisitors = visitors
                let (server, peer) = try loop.runUntilComplete {
                    let visitors = unsafeVisitors
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0) { visitors.make() }
                    let peer = try RawPeer.connect(server.port)
                    try await loop.eventually("a visitor") { visitors.all.count == 1 }
                    return (server, peer)
                }
                let port = server.port
                try loop.close()
                #expect(try peer.receiveAll() == [])
                #expect(try !Servers.listens(port))
                #expect(visitors.all[0].events == [.made])
                #expect(!server.isServing)
            }
        }
    }
}
