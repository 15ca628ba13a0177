import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorTesting
import TestSupport
import Testing

extension Conformance {
    /// Servers with many clients at a time.
    @Suite struct StressServers {
        /// STRESS-002 STRESS-016: a server and its clients on two loops and threads.
        ///
        /// Each client sends pieces of random sizes, pauses, ends its half and gets every byte back in order.
        @Test(arguments: LoopKind.allCases)
        func echo_isComplete_whenClientsRunOnAnotherLoop(_ kind: LoopKind) async throws {
            let seed = StressSeed.make(kind)
            let clients = TestSize.scaled(200)
            try await runLoop(kind) { loop, _ in
                let server = try await loop.startServer(host: "127.0.0.1", port: 0, backlog: 1024) { reader, writer in
                    try await reader.forEachChunk { writer.write($0) }
                }
                let port = server.port
                let ended = Gate()
                let thread = HelperThread {
                    #expect(throws: Never.self) { try runClients(clients, kind, port: port, seed) }
                    ended.open()
                }
                try await loop.eventually("all clients", within: .seconds(60)) { ended.isOpen }
                thread.join()
                try await server.closeAndWait()
            }
        }

        /// A thousand connections at once: all are accepted, served while all are open, and closed together.
        ///
        /// In a process of its own, because it raises the limit on descriptors.
        @Test(arguments: LoopKind.allCases)
        func acceptStorm_isServed(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let count = try StressResources.connections(TestSize.scaled(1000), kind)
                    let accepted = SharedCount()
                    let server = try await loop.startServer(
                        host: "127.0.0.1", port: 0, backlog: 4096
                    ) { reader, writer in
                        accepted.increment()
                        try await reader.forEachLine { line in
                            writer.write(line)
                            writer.write("\n")
                        }
                    }
                    let port = server.port
                    let peers = try await onThread { try (0..<count).map { _ in try RawPeer.connect(port) } }
                    try await onThread {
                        for (number, peer) in peers.enumerated() { try peer.send(Array("\(number)\n".utf8)) }
                        for (number, peer) in peers.enumerated() {
                            let answer = try peer.receive("\(number)\n".utf8.count)
                            #expect(text(answer) == "\(number)\n")
                        }
                    }
                    #expect(accepted.value == count)
                    #expect(loop.statistics.connections == count)
                    for (number, peer) in peers.enumerated() {
                        if number.isMultiple(of: 3) { peer.reset() } else { peer.close() }
                    }
                    try await loop.eventually("all closed") { loop.statistics.connections == 0 }
                    try await server.closeAndWait()
                }
            }
        }

        /// STRESS-015: during a storm the descriptors run out; the server accepts the others as clients leave.
        @Test(arguments: LoopKind.allCases)
        func acceptStorm_isServed_whenDescriptorsRunOut(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, exceptions in
                    // No more than the backlog and select(2) allow.
                    let count = min(TestSize.scaled(200), 400)
                    let server = try await loop.startServer(
                        host: "127.0.0.1", port: 0, backlog: 1024, startServing: false
                    ) { reader, writer in
                        writer.write("hi")
                        _ = try await reader.read()
                    }
                    try server.startServing()
                    let port = server.port
                    let limit = try DescriptorLimit.current().soft
                    let peers = try (0..<count).map { _ in try RawPeer.connect(port) }
                    // Enough descriptors for ten connections.
                    try DescriptorLimit.setSoft(UInt64(peers.map(\.descriptor).max() ?? 0) + 11)
                    try await onThread {
                        for peer in peers {
                            #expect(text(try peer.receive(2)) == "hi")
                            try peer.finishSending()
                            #expect(try peer.receiveAll().isEmpty)
                        }
                    }
                    let contexts = exceptions.take()
                    #expect(!contexts.isEmpty, "the descriptors did not run out")
                    for context in contexts {
                        #expect((context.error as? EventLoopError)?.errno == .tooManyOpenFiles)
                    }
                    try DescriptorLimit.setSoft(limit)
                    for peer in peers { peer.close() }
                    try await server.closeAndWait()
                }
            }
        }

        /// STRESS-018: signals at any moment of an echo interrupt nothing, and the last one is not missed.
        @Test(arguments: LoopKind.allCases)
        func echo_isComplete_duringASignalStorm(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    var signals = 0
                    try loop.addSignalHandler(SIGUSR1) { signals += 1 }
                    let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                        try await reader.forEachChunk { writer.write($0) }
                    }
                    let peer = try RawPeer.connect(server.port)
                    let isOver = Gate()
                    let storm = HelperThread {
                        for _ in 0..<TestSize.scaled(1000) {
                            kill(getpid(), SIGUSR1)
                            usleep(20)
                        }
                        isOver.open()
                    }
                    var round = 0
                    while !isOver.isOpen || round < 20 {
                        let start = round * 700
                        let echo = try await onThread {
                            try peer.send(Pattern.bytes(700, at: start))
                            return try peer.receive(700)
                        }
                        expectSame(echo, Pattern.bytes(700, at: start))
                        round += 1
                    }
                    storm.join()
                    try await loop.eventually("a signal") { signals > 0 }
                    let before = try await loop.settled { signals }
                    kill(getpid(), SIGUSR1)
                    try await loop.eventually("the last signal") { signals == before + 1 }
                    peer.close()
                    try await server.closeAndWait()
                    #expect(try loop.removeSignalHandler(SIGUSR1))
                }
            }
        }
    }
}

/// Runs clients on a loop of the calling thread.
private func runClients(_ count: Int, _ kind: LoopKind, port: Int, _ seed: UInt64) throws {
    let loop = try kind.make()
    defer { #expect(throws: Never.self) { try loop.close() } }
    try loop.runUntilComplete {
        let clients = (0..<count).map { number in
            loop.createTask { try await runClient(loop, number, port: port, seed) }
        }
        for client in clients { try await client.value }
    }
}

private func runClient(_ loop: any AbstractEventLoop, _ number: Int, port: Int, _ seed: UInt64) async throws {
    var dice = SeededRandom(seed &+ UInt64(number))
    let (reader, writer) = try await loop.openConnection(host: "127.0.0.1", port: port)
    let flow = StressFlow(number: number, size: Int.random(in: 0...60_000, using: &dice))
    let receiving = loop.createTask {
        try await reader.forEachChunk { bytes in bytes.withUnsafeBytes { flow.take($0) } }
    }
    while flow.sent < flow.size {
        writer.write(flow.next(Int.random(in: 1...8_000, using: &dice)))
        try await writer.drain()
        try await loop.turns(Int.random(in: 0...2, using: &dice))
    }
    writer.writeEOF()
    try await receiving.value
    #expect(flow.isComplete, "client \(number), seed \(seed): \(flow.received) of \(flow.sent) bytes")
    writer.close()
    try await writer.waitClosed()
}
