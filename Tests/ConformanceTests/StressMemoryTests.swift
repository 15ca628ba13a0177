import EventLoops
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// What many connections, many loops and slow peers cost.
    @Suite struct StressMemory {
        private final class Idler: StreamProtocol {
            func dataReceived(_ data: RawSpan) {}
        }

        /// Idle connections: at most 1 KiB of memory each, and the loop sleeps.
        ///
        /// With a size of 1000 in `PROACTOR_TEST_SIZE`, these are 10,000. The memory is that of the loop: the kernel's
        /// sockets and the peers, which are bare descriptors, do not count.
        @Test(arguments: LoopKind.allCases)
        func idleConnections_costLittleMemory_andNoTurn(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let count = try StressResources.connections(TestSize.scaled(1000), kind)
                    let server = try await loop.createServer(host: "127.0.0.1", port: 0, backlog: 4096) { Idler() }
                    let peers = BarePeers(try #require(server.sockets[0].localAddress), count)
                    // Let the loop make its one-time allocations.
                    try await peers.connect(loop, upTo: count / 10)
                    let before = StressResources.memory
                    let measured = count - peers.count
                    try await peers.connect(loop, upTo: count)
                    if let before, let after = StressResources.memory {
                        // Tables that double and whole pages show in a small number of connections.
                        let each = max(0, after - before - 256 * 1024) / measured
                        #expect(each <= 1024, "\(each) bytes for each of \(measured) connections")
                    }
                    try await loop.turns(3)
                    let resting = loop.statistics
                    try await loop.sleep(for: .milliseconds(50))
                    let rested = loop.statistics
                    #expect(rested.turns - resting.turns <= 3)
                    #expect(rested.wakeUps == resting.wakeUps)
                    peers.close()
                    server.close()
                    server.abortClients()
                    try await loop.eventually("closed") { loop.statistics.connections == 0 }
                    try await server.waitClosed()
                }
            }
        }

        /// STRESS-001: connections that are opened and closed one after the other leave nothing.
        @Test(arguments: LoopKind.allCases)
        func connectionsInSequence_leaveNothing(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    let server = try await loop.startServer(host: "127.0.0.1", port: 0) { reader, writer in
                        try await reader.forEachChunk { writer.write($0) }
                    }
                    func connectOnce(_ number: Int) async throws {
                        let (reader, writer) = try await loop.openConnection(host: "127.0.0.1", port: server.port)
                        writer.write(Pattern.bytes(100, at: number))
                        #expect(try await reader.readExactly(100) == Pattern.bytes(100, at: number))
                        if number.isMultiple(of: 5) { writer.transport.abort() } else { writer.close() }
                        try await writer.waitClosed()
                    }
                    let count = TestSize.scaled(1000)
                    for number in 0..<count / 5 { try await connectOnce(number) }
                    try await loop.eventually("closed") { loop.statistics.connections == 0 }
                    let (operations, open) = (loop.pendingOperations.count, OpenSockets.open())
                    let before = StressResources.memory
                    for number in 0..<count { try await connectOnce(number) }
                    try await loop.eventually("closed") { loop.statistics.connections == 0 }
                    if let before, let after = StressResources.memory {
                        #expect(after - before < 512 * count + 256 * 1024, "\(after - before) bytes more")
                    }
                    #expect(loop.pendingOperations.count == operations)
                    #expect(OpenSockets.left(since: open) == [])
                    try await server.closeAndWait()
                }
            }
        }

        /// STRESS-013: loops that are made, run and closed leave no descriptor, thread or memory.
        @Test(arguments: LoopKind.allCases)
        func loopsInSequence_leaveNothing(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await onThread {
                    func runOnce() throws {
                        let loop = try kind.make()
                        try loop.runUntilComplete {
                            let listening = try Listening()
                            let (accepted, client) = try listening.pair()
                            let one = try await loop.openConnection(socket: accepted)
                            let other = try await loop.openConnection(socket: client)
                            one.1.write("hello")
                            #expect(text(try await other.0.readExactly(5)) == "hello")
                            other.1.close()
                            try await other.1.waitClosed()
                        }
                        // The other connection is still open.
                        try loop.close()
                    }
                    for _ in 0..<10 { try runOnce() }
                    let (open, threads) = (StressResources.loopDescriptors, StressResources.threads)
                    let (sockets, before) = (OpenSockets.open(), StressResources.memory)
                    for _ in 0..<100 { try runOnce() }
                    #expect(StressResources.loopDescriptors == open)
                    #expect(OpenSockets.left(since: sockets) == [])
                    // The runtime's own pool may start a thread, but not one for each loop.
                    #expect(StressResources.threads - threads < 20)
                    if let before, let after = StressResources.memory {
                        #expect(after - before < 1 << 20, "\(after - before) bytes more")
                    }
                }
            }
        }

        /// STRESS-003: a slow reader behind a sender that obeys `pauseWriting`: both sides stay within their limits.
        @Test(arguments: LoopKind.allCases)
        func slowReader_boundsTheMemoryOfBothSides(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listening = try Listening()
                defer { listening.socket.close() }
                let (accepted, client) = try listening.pair()
                let (_, sender) = try await loop.openConnection(socket: accepted)
                let (receiver, other) = try await loop.openConnection(socket: client, limit: 10_000)
                let flow = StressFlow(number: 1, size: TestSize.scaled(16 << 20))
                var (mostPending, mostWaiting) = (0, 0)
                let sending = loop.createTask {
                    while flow.sent < flow.size {
                        sender.write(flow.next(16_000))
                        mostPending = max(mostPending, sender.transport.writeBufferSize)
                        try await sender.drain()
                    }
                    sender.close()
                }
                while !receiver.atEOF {
                    // The bytes that arrive in these turns wait in the reader.
                    try await loop.turns(3)
                    mostWaiting = max(mostWaiting, receiver.waitingBytes)
                    flow.take(try await receiver.read(30_000))
                }
                try await sending.value
                #expect(flow.isComplete)
                #expect(mostPending <= 64 * 1024 + 16_000)
                // Reading pauses above twice the limit; one delivery may exceed it.
                #expect(mostWaiting <= 20_000 + 256 * 1024)
                other.close()
                try await other.waitClosed()
            }
        }

        /// Slow senders: bytes that arrive one at a time keep no receive buffer.
        @Test(arguments: LoopKind.allCases)
        func slowSenders_keepNoReceiveBuffer(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let listening = try Listening()
                defer { listening.socket.close() }
                var ends: [(StreamReader, StreamWriter)] = []
                for _ in 0..<64 {
                    let (accepted, client) = try listening.pair()
                    ends.append(try await loop.openConnection(socket: accepted))
                    ends.append(try await loop.openConnection(socket: client))
                }
                for round in 0..<50 {
                    for (_, writer) in ends { writer.write([UInt8(round)]) }
                    try await loop.turns(2)
                }
                try await loop.eventually("all arrived") { ends.allSatisfy { $0.0.waitingBytes == 50 } }
                #expect(loop.statistics.receiveBuffersLent == 0)
                for (reader, writer) in ends {
                    #expect(try await reader.readExactly(50) == Array(0..<50))
                    writer.close()
                }
                for (_, writer) in ends { try await writer.waitClosed() }
            }
        }
    }
}

/// Many connections to a server, each as little as a descriptor.
private final class BarePeers {
    private let address: SocketAddress
    private var descriptors: [Int32] = []

    init(_ address: SocketAddress, _ capacity: Int) {
        self.address = address
        descriptors.reserveCapacity(capacity)
    }

    var count: Int {
        descriptors.count
    }

    /// Connects in steps that the backlog can hold.
    func connect(_ loop: any AbstractEventLoop, upTo count: Int) async throws {
        while descriptors.count < count {
            for _ in 0..<min(100, count - descriptors.count) {
                let peer = try SocketCalls.open(address.family, type: Socket.stream)
                descriptors.append(peer)
                do { try SocketCalls.connect(peer, to: address) } catch {
                    guard error == .nowInProgress else { throw error }
                }
            }
            try await loop.eventually("accepted") { loop.statistics.connections == descriptors.count }
        }
    }

    func close() {
        for descriptor in descriptors { try? Descriptor.close(descriptor) }
    }
}
