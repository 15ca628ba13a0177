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
                _ = try channel.handOver(to: first)
                channel.startReading(.lending)
                try peer.send([1])
                try await loop.eventually("the first owner gets bytes") { first.taken == [1] }
                // Called inside an upcall, as startTLS would be.
                var former: StreamChannelOwner?
                first.whenTaken = {
                    former = try? channel.handOver(to: second)
                    channel.startReading(.lending)
                }
                try peer.send([2])
                try await loop.eventually("the first owner gets the bytes that it was being lent") {
                    first.taken == [1, 2]
                }
                #expect(former === first)
                // The closure refers to its owner.
                first.whenTaken = {}
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
                    _ = try channel.handOver(to: taker)
                }
                channel.startReading(.lending)
                #expect(owner != nil)
                try await loop.turns()
                channel.close()
                try await loop.eventually("the owner is released") { owner == nil }
            }
        }

        /// The kernel sent from memory of an owner that was released, and the new owner was notified of the bytes sent.
        @Test(arguments: LoopKind.onRing)
        func handOver_isRefused_whileASendIsInFlight(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let size = 16 << 20
                let (socket, peer) = try RawPeer.pair(receiveBuffer: 4096)
                defer { peer.close() }
                let channel = loop.core.channels.makeStreamChannel(socket.detach())
                let (first, second) = (Taker(size: size), Taker())
                _ = try channel.handOver(to: first)
                first.toSend = Pattern.bytes(size)
                first.whenSent = { [unowned first] in if !first.toSend.isEmpty { channel.send() } }
                channel.send()
                _ = try await loop.settled { first.toSend.count }
                #expect(!first.toSend.isEmpty, "the kernel's buffers hold less")
                let error = try await loopError { try channel.handOver(to: second) }
                #expect(error.code == .invalidState && error.operation == "handOver")
                let received = try await onThread { try peer.receive(size) }
                expectSame(received, Pattern.bytes(size))
                try await loop.eventually("the first owner's bytes are sent") { first.toSend.isEmpty }
                #expect(try channel.handOver(to: second) === first)
                first.whenSent = {}
                second.toSend = [4, 5]
                channel.send()
                try await loop.eventually("the second owner's bytes are sent") { second.toSend.isEmpty }
                #expect(try peer.receiveSome(2) == [4, 5])
                channel.close()
                try await loop.eventually("the channel is closed") { second.isClosed }
            }
        }

        /// The new owner got bytes at once, in the former owner's mode.
        @Test(arguments: LoopKind.allCases)
        func newOwner_getsNoBytes_beforeItStartsReading(_ kind: LoopKind) async throws {
            try await runLoop(kind) { loop, _ in
                let (socket, peer) = try RawPeer.pair()
                defer { peer.close() }
                let channel = loop.core.channels.makeStreamChannel(socket.detach())
                let (first, second) = (Taker(), Taker())
                _ = try channel.handOver(to: first)
                channel.startReading(.lending)
                // A multishot receive is in flight on a proactor.
                try await loop.turns()
                _ = try channel.handOver(to: second)
                try peer.send([1])
                try await loop.turns(10)
                #expect(second.taken.isEmpty && first.taken.isEmpty)
                channel.startReading(.lending)
                try await loop.eventually("the second owner gets the bytes") { second.taken == [1] }
                try peer.send([2])
                try await loop.eventually("the second owner gets more bytes") { second.taken == [1, 2] }
                channel.close()
                try await loop.eventually("the channel is closed") { second.isClosed }
                #expect(first.taken.isEmpty)
            }
        }

        /// The kernel filled memory of an owner that was released.
        @Test(arguments: LoopKind.allCases)
        func formerOwner_isKept_untilTheReceiveIntoItsMemoryHasCompleted(_ kind: LoopKind) async throws {
            for arrivesBefore in [false, true] {
                try await runLoop(kind) { loop, _ in
                    let (socket, peer) = try RawPeer.pair()
                    defer { peer.close() }
                    let channel = loop.core.channels.makeStreamChannel(socket.detach())
                    let second = Taker()
                    weak var former: Taker?
                    do {
                        let first = Taker()
                        former = first
                        _ = try channel.handOver(to: first)
                        channel.startReading(.supplied)
                    }
                    try await loop.turns()
                    if arrivesBefore { try peer.send([1]) }
                    _ = try channel.handOver(to: second)
                    #expect((former != nil) == (kind == .proactor), "a receive into its memory is in flight")
                    channel.startReading(.lending)
                    if !arrivesBefore { try peer.send([1]) }
                    try await loop.eventually("the second owner is lent the bytes") { second.taken == [1] }
                    try await loop.eventually("the former owner is released") { former == nil }
                    try peer.send([2])
                    try await loop.eventually("the second owner gets more bytes") { second.taken == [1, 2] }
                    channel.close()
                    try await loop.eventually("the channel is closed") { second.isClosed }
                }
            }
        }
    }
}

/// Keeps the bytes that it receives, and sends the bytes that it is given.
private final class Taker: StreamChannelOwner, @unchecked Sendable {
    var taken: [UInt8] = []
    var toSend: [UInt8] = []
    var whenTaken: () -> Void = {}
    var whenSent: () -> Void = {}
    private(set) var isClosed = false
    private let memory: UnsafeMutableRawBufferPointer

    init(size: Int = 16) {
        memory = .allocate(byteCount: size, alignment: 16)
        super.init()
    }

    deinit {
        memory.deallocate()
    }

    override func received(_ bytes: UnsafeRawBufferPointer) -> Int {
        taken += bytes
        whenTaken()
        return bytes.count
    }

    override func receiveBuffer() -> UnsafeMutableRawBufferPointer? { memory }

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
        whenSent()
    }

    override func channelClosed() {
        isClosed = true
    }
}
