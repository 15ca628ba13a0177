import EventLoops
import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

extension Conformance {
    /// Many descriptors are passed, with everything that can go wrong; none may be left open or closed twice.
    @Suite struct DescriptorLeaks {
        /// In a process of its own, whose descriptors can be counted and limited.
        @Test(arguments: LoopKind.allCases)
        func descriptorsPassedManyTimes_areClosedOnce(_ kind: LoopKind) async {
            await #expect(processExitsWith: .success) { [kind] in
                try await runLoop(kind) { loop, _ in
                    var traffic = try Traffic(loop, seed: 7)
                    // Descriptors that the process opens once are open after the first rounds.
                    for _ in 0..<20 { try await traffic.round() }
                    traffic.retire()
                    let before = Descriptor.openCount()
                    for _ in 0..<TestSize.scaled(1_000) { try await traffic.round() }
                    traffic.retire()
                    #expect(Descriptor.openCount() == before)
                    traffic.end()
                }
            }
        }
    }
}

/// Passes descriptors in rounds; between them, opens files that get the numbers of descriptors that were closed.
private struct Traffic {
    /// A file that must stay open, with its identity.
    private struct Canary {
        let socket: Socket
        let inode: UInt64

        init(_ socket: Socket) {
            self.socket = socket
            inode = Self.inode(of: socket)
        }

        var isAlive: Bool { Self.inode(of: socket) == inode }

        private static func inode(of socket: Socket) -> UInt64 {
            var status = stat()
            return fstat(socket.fileDescriptor, &status) == 0 ? UInt64(status.st_ino) : 0
        }
    }

    private let loop: any AbstractEventLoop
    private var random: SeededRandom
    private let near: Socket
    private let far: Socket
    private var canaries: [Canary] = []
    private let limit: UInt64

    init(_ loop: any AbstractEventLoop, seed: UInt64) throws {
        self.loop = loop
        random = SeededRandom(seed)
        (near, far) = try Socket.pair()
        limit = try DescriptorLimit.current().soft
    }

    mutating func round() async throws {
        let count = Int.random(in: 1...4, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: try await pass(count)
        case 1: try await passWithoutSpace(count)
        case 2: try await passAtTheLimit(count)
        case 3: try await cancelWaiting(count)
        case 4: try await cancelWithMessage(count)
        default: try await passOverTransport(count)
        }
        let (one, other) = try Socket.pair()
        canaries += [Canary(one), Canary(other)]
        if canaries.count > 16 {
            #expect(canaries.allSatisfy { $0.isAlive }, "a descriptor was closed twice")
            for canary in canaries.prefix(10) { canary.socket.close() }
            canaries.removeFirst(10)
        }
    }

    /// Closes the files that were opened in between.
    mutating func retire() {
        #expect(canaries.allSatisfy { $0.isAlive }, "a descriptor was closed twice")
        for canary in canaries { canary.socket.close() }
        canaries = []
    }

    func end() {
        near.close()
        far.close()
    }

    private func send(_ count: Int) async throws {
        let list = try OwnedDescriptors(duplicating: [Int32](repeating: near.fileDescriptor, count: count))
        try await loop.sockSendAll(near, [1], descriptors: list)
    }

    private func pass(_ count: Int) async throws {
        try await send(count)
        var message = try await loop.sockRecvDescriptors(far)
        #expect(message.descriptors.count == count)
        // One is taken, the others are closed with the message.
        _ = message.descriptors.takeFirst()
    }

    private func passWithoutSpace(_ count: Int) async throws {
        try await send(count)
        do {
            _ = try await loop.sockRecvDescriptors(far, maxDescriptors: count - 1)
            Issue.record("more descriptors than requested were received")
        } catch let error as EventLoopError { #expect(error.errno == .messageTooLong) }
    }

    private func passAtTheLimit(_ count: Int) async throws {
        try await send(count)
        let free = try Descriptor.duplicate(near.fileDescriptor)
        try Descriptor.close(free)
        try DescriptorLimit.setSoft(UInt64(free) + UInt64(count / 2))
        defer { try? DescriptorLimit.setSoft(limit) }
        do {
            let message = try await loop.sockRecvDescriptors(far)
            // Numbers below may have been free.
            #expect(message.descriptors.count == count)
        } catch let error as EventLoopError { #expect(error.errno == .tooManyOpenFiles) }
    }

    private func cancelWaiting(_ count: Int) async throws {
        let (loop, far) = (loop, far)
        let task = loop.createTask { _ = try await loop.sockRecvDescriptors(far) }
        try await loop.sleep(for: .zero)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await pass(count)
    }

    /// Cancels a receive for which a message has arrived.
    private func cancelWithMessage(_ count: Int) async throws {
        let (loop, far) = (loop, far)
        var received = 0
        let task = loop.createTask {
            let message = try await loop.sockRecvDescriptors(far)
            received = message.descriptors.count
        }
        try await loop.sleep(for: .zero)
        try await send(count)
        if count > 2 { try await loop.sleep(for: .zero) }
        task.cancel()
        do { try await task.value } catch { #expect(error is CancellationError) }
        if received == 0 {
            let message = try await loop.sockRecvDescriptors(far)
            received = message.descriptors.count
        }
        #expect(received == count)
    }

    /// Also aborts a connection in which descriptors are queued, in flight or not taken.
    private func passOverTransport(_ count: Int) async throws {
        let loop = loop
        let (one, other) = try Socket.pair()
        let (sender, told) = try await loop.createUnixConnection(socket: one, passesDescriptors: true) {
            StreamRecorder(loop)
        }
        let (receiver, heard) = try await loop.createUnixConnection(socket: other, passesDescriptors: true) {
            StreamRecorder(loop)
        }
        for _ in 0..<count {
            try sender.write([1], descriptors: OwnedDescriptors(duplicating: [near.fileDescriptor]))
        }
        switch count {
        case 1: break
        case 2: try await loop.sleep(for: .zero)
        default:
            try await heard.wait { heard.total == count }
            let hasOne = try receiver.takeDescriptor() != nil
            #expect(hasOne)
        }
        if count == 3 { receiver.abort() } else { sender.abort() }
        try await told.waitUntilLost()
        try await heard.waitUntilLost()
    }
}
