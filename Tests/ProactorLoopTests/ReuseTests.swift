import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
    import TestSupport
    import Testing

extension RingLoop {
    /// R12: descriptors' numbers are used again at once, under load too.
    @Suite struct ReuseTests {
        /// Each connection must get its own bytes back, however fast its number was another's before.
        ///
        /// All come in through one accept, and close and accept meet in one turn.
        @Test func bytes_stayWithTheirConnection_whileNumbersAreUsedAgain() async throws {
            try await runLoop(.sizes(submissions: 16, completions: 64, buffers: 16, of: 2048)) { loop, _ in
                let service = try await Service.start(loop) { Echo() }
                let numbers = Numbers()
                let clients = (0..<16).map { client in
                    loop.createTask {
                        for round in 0..<60 {
                            let peer = try service.connect()
                            let bytes = pattern(200 + client, seed: client * 1_000 + round)
                            #expect(try await peer.exchange(bytes) == bytes, "client \(client), round \(round)")
                            numbers.note(service.connections.compactMap { $0.transport?.socket.fileDescriptor })
                            if round % 3 == 0 { peer.reset() } else { peer.close() }
                        }
                    }
                }
                for client in clients { try await client.value }
                #expect(service.connections.count == 960)
                #expect(numbers.count < 400, "hardly a number was used again")
                try await service.end()
            }
        }

        /// The loop's own side closes, with a receive in flight, as the next connection comes in.
        @Test func nextConnection_isUntouched_whenAnotherOfItsNumberWasAborted() async throws {
            try await runLoop { loop, _ in
                let service = try await Service.start(loop) { Echo() }
                var (old, oldPeer) = try await service.connected()
                for round in 0..<100 {
                    try await oldPeer.send([1])
                    if round % 2 == 0 { old.transport?.abort() } else { old.transport?.close() }
                    let (new, newPeer) = try await service.connected()
                    let bytes = pattern(500, seed: round)
                    #expect(try await newPeer.exchange(bytes) == bytes)
                    #expect(new.losses.isEmpty)
                    oldPeer.close()
                    (old, oldPeer) = (new, newPeer)
                }
                try await service.end(closing: [oldPeer])
            }
        }

        /// R2, io_uring 16: peers that reset, end and stay, at any step, many at a time.
        @Test(arguments: 1...3 as ClosedRange<UInt64>) func connections_areLostOnce_whateverTheirPeersDo(seed: UInt64)
            async throws
        {
            try await runLoop(.sizes(buffers: 8, of: 1024)) { loop, _ in
                let service = try await Service.start(loop) { Echo() }
                let clients = (0..<20 as Range<UInt64>).map { client in
                    loop.createTask {
                        var random = SeededRandom(seed &* 100 &+ client)
                        for _ in 0..<20 {
                            let peer = try service.connect()
                            try await loop.turns(Int.random(in: 0...3, using: &random))
                            for _ in 0..<Int.random(in: 0...3, using: &random) {
                                try? await peer.send(pattern(Int.random(in: 1...5_000, using: &random)))
                                try await loop.turns(Int.random(in: 0...2, using: &random))
                            }
                            switch Int.random(in: 0..<3, using: &random) {
                            case 0: peer.reset()
                            case 1: peer.close()
                            default:
                                peer.finish()
                                _ = try? await peer.receiveToEnd()
                                peer.close()
                            }
                        }
                    }
                }
                for client in clients { try await client.value }
                try await loop.until("all accepted") { service.connections.count == 400 }
                try await service.end()
            }
        }
    }
}

/// The descriptors that were seen.
private final class Numbers {
    private var seen: Set<Int32> = []

    func note(_ numbers: [Int32]) {
        seen.formUnion(numbers)
    }

    var count: Int {
        seen.count
    }
}
