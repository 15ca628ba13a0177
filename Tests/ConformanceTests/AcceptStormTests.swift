import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Many connections at once.
    @Suite struct AcceptStorms {
        /// A thousand connects before the first accept: each connection is served, none twice.
        @Test(arguments: LoopKind.allCases)
        func connections_areAllServed_whenAThousandArriveAtOnce(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let size = TestSize.scaled(1000)
                let server = try await loop.startServer(host: "127.0.0.1", port: 0, backlog: 2000) { reader, writer in
                    writer.write(try await reader.readLine())
                }
                let peers = try (0..<size).map { number in
                    let peer = try RawPeer.connect(server.port)
                    try peer.send(Array("\(number)\n".utf8))
                    return peer
                }
                let report = try await server.close(deadline: .seconds(60))
                #expect(report.aborted == 0 && report.refused == 0)
                var wrong = 0
                for (number, peer) in peers.enumerated() {
                    if try peer.receiveAll() != Array("\(number)\n".utf8) { wrong += 1 }
                    peer.close()
                }
                #expect(wrong == 0)
            }
        }

        /// The same below a limit: the server accepts as many as it serves.
        @Test(arguments: LoopKind.allCases)
        func connections_areAllServed_belowALimit(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let size = TestSize.scaled(500)
                var open = 0
                var most = 0
                var served = 0
                let server = try await loop.startServer(
                    host: "127.0.0.1", port: 0, backlog: 2000, maxConnections: 10
                ) { reader, writer in
                    open += 1
                    most = max(most, open)
                    defer { open -= 1 }
                    writer.write(try await reader.readLine())
                    served += 1
                }
                let peers = try (0..<size).map { number in
                    let peer = try RawPeer.connect(server.port)
                    try peer.send(Array("\(number)\n".utf8))
                    return peer
                }
                try await loop.eventually("all are served") { served == size }
                #expect(most <= 10)
                try await server.closeAndWait()
                for (number, peer) in peers.enumerated() {
                    #expect(try peer.receiveAll() == Array("\(number)\n".utf8))
                    peer.close()
                }
            }
        }
    }
}
