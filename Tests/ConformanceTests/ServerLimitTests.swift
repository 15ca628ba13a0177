import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Servers with a limit on connections.
    @Suite struct ServerLimits {
        /// Neither a connection that the kernel accepted too early nor one that waits in its queue is dropped.
        @Test(arguments: LoopKind.allCases)
        func connectionsBeyondTheLimit_waitUntilOthersEnd(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, maxConnections: 3) {
                    visitors.make()
                }
                let peers = try (0..<20).map { number in
                    let peer = try RawPeer.connect(server.port)
                    try peer.send([UInt8(number)])
                    return peer
                }
                for number in peers.indices {
                    let expected = min(number + 3, 20)
                    try await loop.eventually("a visitor") { visitors.all.count == expected }
                    try await visitors.all[number].wait { visitors.all[number].total == 1 }
                    #expect(server.connectionCount == expected - number)
                    #expect(server.isServing)
                    visitors.all[number].transport?.close()
                    try await visitors.all[number].waitUntilLost()
                }
                #expect(visitors.all.flatMap(\.received) == Array(0..<20), "served in the order of arrival")
                for peer in peers { peer.close() }
                server.close()
                try await server.waitClosed()
            }
        }

        /// At the limit, nothing is accepted: on the ring, no accept is in flight.
        @Test(arguments: LoopKind.allCases)
        func accepting_stopsAtTheLimit_andResumesBelowIt(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                func isAccepting() -> Bool { loop.pendingOperations.contains { $0.name == "accept" } }
                let visitors = Visitors(loop)
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, maxConnections: 1) {
                    visitors.make()
                }
                try await loop.eventually("accepting") { isAccepting() }
                for _ in 0..<3 {
                    let peer = try RawPeer.connect(server.port)
                    try await loop.eventually("at the limit") { server.connectionCount == 1 && !isAccepting() }
                    #expect(server.heldConnectionCount == 0)
                    peer.close()
                    try await loop.eventually("below the limit") { server.connectionCount == 0 && isAccepting() }
                }
                server.close()
            }
        }

        /// The limit counts all listening sockets of the server together.
        @Test(arguments: LoopKind.allCases)
        func limit_countsTheConnectionsOfAllSockets(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                let port = try RawListener.closedAddress().port ?? 0
                let server = try await loop.createServer(
                    host: ["127.0.0.1", "127.0.0.2"], port: port, maxConnections: 1
                ) { visitors.make() }
                let one = try RawPeer.connect(port)
                try await loop.eventually("a visitor") { visitors.all.count == 1 }
                let other = try RawPeer.connect(port, host: "127.0.0.2")
                try await loop.turns(3)
                #expect(visitors.all.count == 1)
                one.close()
                try await loop.eventually("the other") { visitors.all.count == 2 }
                #expect(visitors.all[1].transport?.localAddress?.host == "127.0.0.2")
                other.close()
                server.close()
                try await server.waitClosed()
            }
        }

        /// The harness counts descriptors.
        @Test(arguments: LoopKind.allCases, [false, true])
        func heldConnections_areClosed_withTheServerOrTheLoop(_ kind: LoopKind, closesLoop: Bool) async throws {
            try await withLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                nonisolated(unsafe) let unsafeVisitors = visitors
                // Connections that another loop or program hands over.
                let pairs = try (0..<5).map { _ in try Socket.pair() }
                let server = try loop.runUntilComplete {
                    let visitors = unsafeVisitors
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0, maxConnections: 1) {
                        visitors.make()
                    }
                    for pair in pairs { server.accepted(pair.0.detach()) }
                    #expect(visitors.all.count == 1)
                    #expect(server.heldConnectionCount == 4)
                    if !closesLoop {
                        server.close()
                        #expect(server.heldConnectionCount == 0)
                        visitors.all[0].transport?.abort()
                        try await server.waitClosed()
                    }
                    return server
                }
                if closesLoop { try loop.close() }
                #expect(server.heldConnectionCount == 0)
                #expect(visitors.all.count == 1)
                for pair in pairs { pair.1.close() }
            }
        }

        /// The harness checks that the bound socket was closed.
        @Test(arguments: LoopKind.allCases)
        func limitBelowOne_isRefused(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let error = try await loopError {
                    try await loop.createServer(host: "127.0.0.1", port: 0, maxConnections: 0) { StreamRecorder(loop) }
                }
                #expect(error.code == .invalidArgument)
                #expect(error.description.contains("maxConnections must be above zero, not 0"))
            }
        }

        /// A connection whose protocol object closes it at once makes space for the next one.
        @Test(arguments: LoopKind.allCases)
        func connections_followOneAnother_ifEachEndsAtOnce(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let visitors = Visitors(loop)
                visitors.prepare = { visitor in
                    visitor.when = { [unowned visitor] in if $0 == .made { visitor.transport?.abort() } }
                }
                let server = try await loop.createServer(host: "127.0.0.1", port: 0, maxConnections: 1) {
                    visitors.make()
                }
                let peers = try (0..<30).map { _ in try RawPeer.connect(server.port) }
                try await loop.eventually("all visitors") { visitors.all.count == 30 }
                for peer in peers { peer.close() }
                server.close()
                try await server.waitClosed()
            }
        }
    }
}
