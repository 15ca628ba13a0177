import Glibc
import Kernel
import Proactor
import TestSupport
import Testing

@testable import EventLoops

extension Conformance {
    /// A channel and its successive owners.
    @Suite struct ChannelOwners {
        @Test(arguments: LoopKind.allCases)
        func channel_notifiesItsNewOwnerOnly_onceItIsHandedOver(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                defer { peer.close() }
                let channel = loop.core.channels.makeStreamChannel(socket.detach())
                let (first, second) = (Taker(), Taker())
                _ = channel.handOver(to: first)
                channel.startReading(.lending)
                try peer.send([1])
                try await loop.eventually("the first owner gets bytes") { first.taken == [1] }
                // Called inside an upcall, as startTLS would be.
                var former: StreamChannelOwner?
                first.whenTaken = {
                    former = channel.handOver(to: second)
                    channel.startReading(.lending)
                }
                try peer.send([2])
                try await loop.eventually("the first owner gets the bytes that it was being lent") {
                    first.taken == [1, 2]
                }
                #expect(former === first)
                try peer.send([3])
                try await loop.eventually("the second owner gets the bytes after them") { second.taken == [3] }
                second.toSend = [4, 5]
                channel.send()
                try await loop.eventually("the second owner's bytes are sent") { second.toSend.isEmpty }
                #expect(try peer.receiveSome(2) == [4, 5])
                channel.close()
                #expect(!second.isClosed, "never inside a call of the owner's")
                try await loop.eventually("the channel is closed") { second.isClosed }
                #expect(first.taken == [1, 2] && !first.isClosed)
                // Ignored: by now, the number may refer to another file.
                channel.send()
                channel.shutdownWriting()
                channel.startReading(.lending)
                channel.close()
            }
        }

        @Test(arguments: LoopKind.allCases)
        func channel_releasesItsOwner_onceItIsClosed(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                defer { peer.close() }
                let channel = loop.core.channels.makeStreamChannel(socket.detach())
                weak var owner: Taker?
                do {
                    let taker = Taker()
                    owner = taker
                    _ = channel.handOver(to: taker)
                }
                channel.startReading(.lending)
                #expect(owner != nil)
                try await loop.turns()
                channel.close()
                try await loop.eventually("the owner is released") { owner == nil }
            }
        }
    }
}

/// Keeps the bytes that it receives, and sends the bytes that it is given.
private final class Taker: StreamChannelOwner, @unchecked Sendable {
    var taken: [UInt8] = []
    var toSend: [UInt8] = []
    var whenTaken: () -> Void = {}
    private(set) var isClosed = false
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 16, alignment: 16)

    deinit {
        memory.deallocate()
    }

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        taken += bytes
        whenTaken()
        return bytes.count
    }

    override func gather(into vectors: UnsafeMutablePointer<iovec>) -> Gathering {
        memory.copyBytes(from: toSend)
        vectors[0] = iovec(iov_base: memory.baseAddress, iov_len: toSend.count)
        var gathering = Gathering()
        gathering.runs = toSend.isEmpty ? 0 : 1
        gathering.bytes = toSend.count
        return gathering
    }

    override func sent(_ count: Int) {
        toSend.removeFirst(count)
    }

    override func channelClosed() {
        isClosed = true
    }
}
