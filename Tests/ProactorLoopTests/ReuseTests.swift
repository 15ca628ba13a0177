import EventLoops
import Glibc
import Kernel
import Proactor
import ProactorLoop
import TestSupport
import Testing

extension RingLoop {
    /// STRESS-010: descriptor numbers are reused at once; no operation may reach a later socket with the same
    /// number.
    @Suite struct ReuseTests {
        /// Each connection gets its own bytes back, however recently its number belonged to another one.
        ///
        /// All connections arrive through one accept, and closes and accepts happen in the same turn.
        @Test func bytes_stayWithTheirConnection_whileNumbersAreReused() async throws {
            try await runLoop(.sizes(submissions: 16, completions: 64, buffers: 16, of: 2048)) { loop, _ in
                let service = try await Service.start(loop) { EchoRecorder(loop) }
                let numbers = Numbers()
                let clients = (0..<16).map { client in
                    loop.createTask {
                        for round in 0..<60 {
                            let peer = try service.connect()
                            let bytes = Pattern.bytes(200 + client, at: client * 1_000 + round)
                            #expect(try await peer.exchange(bytes) == bytes, "client \(client), round \(round)")
                            numbers.note(service.connections.compactMap { $0.transport?.socket.fileDescriptor })
                            if round % 3 == 0 { peer.reset() } else { peer.close() }
                        }
                    }
                }
                for client in clients { try await client.value }
                #expect(service.connections.count == 960)
                #expect(numbers.count < 400, "hardly any number was reused")
                try await service.end()
            }
        }

        /// The loop closes its end, with a receive in flight, while the next connection arrives.
        @Test func nextConnection_isUntouched_whenItsNumberWasJustAborted() async throws {
            try await runLoop { loop, _ in
                let service = try await Service.start(loop) { EchoRecorder(loop) }
                var (old, oldPeer) = try await service.connected()
                for round in 0..<100 {
                    try await oldPeer.send([1])
                    if round % 2 == 0 { old.transport?.abort() } else { old.transport?.close() }
                    let (new, newPeer) = try await service.connected()
                    let bytes = Pattern.bytes(500, at: round)
                    #expect(try await newPeer.exchange(bytes) == bytes)
                    #expect(new.losses.isEmpty)
                    oldPeer.close()
                    (old, oldPeer) = (new, newPeer)
                }
                try await service.end(closing: [oldPeer])
            }
        }

        /// Many peers at a time reset, close or half-close at any step.
        ///
        /// Each operation ends exactly once.
        @Test(arguments: 1...3 as ClosedRange<UInt64>) func connections_areLostOnce_whateverThePeersDo(seed: UInt64)
            async throws
        {
            try await runLoop(.sizes(buffers: 8, of: 1024)) { loop, _ in
                let service = try await Service.start(loop) { EchoRecorder(loop) }
                let clients = (0..<20 as Range<UInt64>).map { client in
                    loop.createTask {
                        var random = SeededRandom(seed &* 100 &+ client)
                        for _ in 0..<20 {
                            let peer = try service.connect()
                            try await loop.turns(Int.random(in: 0...3, using: &random))
                            for _ in 0..<Int.random(in: 0...3, using: &random) {
                                try? await peer.send(Pattern.bytes(Int.random(in: 1...5_000, using: &random)))
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
                try await loop.eventually("all accepted") { service.connections.count == 400 }
                try await service.end()
            }
        }
    }
}

/// The descriptor numbers seen so far.
private final class Numbers {
    private var seen: Set<Int32> = []

    func note(_ numbers: [Int32]) {
        seen.formUnion(numbers)
    }

    var count: Int {
        seen.count
    }
}
