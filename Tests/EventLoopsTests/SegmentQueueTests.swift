import EventLoops
import Glibc
import TestSupport
import Testing

@Suite struct SegmentQueueTests {
    private func contents(_ queue: SegmentQueue) -> [UInt8] {
        queue.copyPrefix(queue.count)
    }

    @Test func emptyQueue_hasNothing() {
        let queue = SegmentQueue(pool: SegmentPool())
        queue.append([])
        queue.append(UnsafeRawBufferPointer(start: nil, count: 0))
        #expect(queue.isEmpty)
        #expect(queue.count == 0)
        #expect(queue.first.isEmpty)
        #expect(queue.byte(at: 0) == nil)
        #expect(SeparatorSearch([1]).firstIndex(in: queue) == nil)
        #expect(queue.copyPrefix(0).isEmpty)
        queue.consume(0)
        queue.removeAll()
        #expect(queue.isEmpty)
    }

    /// Random appends, consumes, gathers and searches, compared with a plain array.
    ///
    /// The sizes are close to those of blocks, or large enough for arrays to be retained instead of copied.
    @Test(arguments: 1...12)
    func queue_behavesLikeAnArray_underRandomUse(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let pool = SegmentPool()
        let queue = SegmentQueue(pool: pool)
        var model: [UInt8] = []
        let sizes = [0, 1, 2, 7, 500, 1023, 1024, 1025, 4000, 16_383, 16_384, 16_385, 40_000]
        for _ in 0..<250 {
            switch Int.random(in: 0..<8, using: &random) {
            case 0...2:
                let size = sizes.randomElement(using: &random) ?? 0
                // Few letters, so that separators are frequent and often span two runs.
                let bytes = (0..<size).map { _ in UInt8.random(in: 0...3, using: &random) }
                model += bytes
                if Bool.random(using: &random) {
                    queue.append(bytes)
                } else {
                    bytes.withUnsafeBytes { queue.append($0) }
                }
            case 3, 4:
                let count = Int.random(in: 0...model.count, using: &random)
                queue.consume(count)
                model.removeFirst(count)
            case 5:
                checkGather(queue, model)
            case 6:
                let length = Int.random(in: 1...4, using: &random)
                let separator = (0..<length).map { _ in UInt8.random(in: 0...4, using: &random) }
                #expect(SeparatorSearch(separator).firstIndex(in: queue) == model.firstIndex(of: separator))
            default:
                let length = Int.random(in: 0...model.count, using: &random)
                #expect(queue.copyPrefix(length) == Array(model.prefix(length)))
                let offset = Int.random(in: 0...model.count, using: &random)
                #expect(queue.byte(at: offset) == (offset < model.count ? model[offset] : nil))
            }
            try #require(queue.count == model.count)
            #expect(queue.isEmpty == model.isEmpty)
            #expect(queue.first.isEmpty == model.isEmpty)
        }
        #expect(contents(queue) == model)
        queue.removeAll()
        #expect(queue.isEmpty)
    }

    private func checkGather(_ queue: SegmentQueue, _ model: [UInt8]) {
        var vectors = [iovec](repeating: iovec(), count: Gathering.mostRuns)
        let gathering = queue.gather(into: &vectors)
        #expect((gathering.runs == 0) == model.isEmpty)
        var gathered: [UInt8] = []
        for vector in vectors.prefix(gathering.runs) {
            #expect(vector.iov_len > 0, "gathering a nonempty queue returned nothing to send")
            gathered += UnsafeRawBufferPointer(start: vector.iov_base, count: vector.iov_len)
        }
        #expect(gathered == Array(model.prefix(gathered.count)))
        #expect(gathering.bytes == gathered.count)
        #expect(gathered.count == model.count || gathering.runs == Gathering.mostRuns || gathered.count == 256 * 1024)
    }

    @Test func gathering_stops_atTheMaximumNumberOfRuns() throws {
        let region = UnsafeMutableRawBufferPointer.allocate(byteCount: 128 * 1024, alignment: 16)
        defer { region.deallocate() }
        region.initializeMemory(as: UInt8.self, repeating: 1)
        let memory = LentMemory(base: try #require(region.baseAddress), pieceSize: region.count, count: 1)
        let pool = SegmentPool()
        pool.adopt(memory)
        _ = memory.lend(0)
        let queue = SegmentQueue(pool: pool)
        // Arrays of this size are retained, so each is a run.
        for start in stride(from: 0, to: 100 * 1024, by: 1024) {
            queue.append(UnsafeRawBufferPointer(rebasing: region[start..<start + 1024]))
        }
        var vectors = [iovec](repeating: iovec(), count: Gathering.mostRuns)
        let gathering = queue.gather(into: &vectors)
        #expect(gathering.runs == Gathering.mostRuns)
        #expect(gathering.bytes == Gathering.mostRuns * 1024)
        queue.consume(gathering.bytes)
        #expect(queue.gather(into: &vectors).runs == 100 - Gathering.mostRuns)
        queue.removeAll()
    }

    @Test func gathering_stops_atTheMaximumNumberOfBytes_withinARun() {
        let queue = SegmentQueue(pool: SegmentPool())
        queue.append([UInt8](repeating: 1, count: 200_000))
        queue.append([UInt8](repeating: 2, count: 200_000))
        var vectors = [iovec](repeating: iovec(), count: Gathering.mostRuns)
        let gathering = queue.gather(into: &vectors)
        #expect(gathering.runs == 2)
        #expect(gathering.bytes == 256 * 1024)
        #expect(vectors[1].iov_len == 256 * 1024 - 200_000)
    }

    @Test func longArray_isNotCopied() {
        let bytes = [UInt8](repeating: 9, count: 100_000)
        let queue = SegmentQueue(pool: SegmentPool())
        queue.append(bytes)
        #expect(bytes.withUnsafeBytes { $0.baseAddress } == queue.first.baseAddress)
        #expect(queue.first.count == bytes.count)
    }

    @Test func array_isRetained_whileTheQueueNeedsIt() {
        let queue = SegmentQueue(pool: SegmentPool())
        do {
            var bytes = [UInt8](repeating: 7, count: 50_000)
            queue.append(bytes)
            // Copy on write: a later change by the owner does not change what was queued.
            bytes[0] = 8
            #expect(bytes[0] == 8)
        }
        #expect(contents(queue) == [UInt8](repeating: 7, count: 50_000))
    }

    @Test func blocks_areReused_afterTheyWereConsumed() {
        let pool = SegmentPool()
        let queue = SegmentQueue(pool: pool)
        queue.append([1, 2, 3])
        let first = queue.first.baseAddress
        queue.consume(3)
        queue.append([4])
        #expect(queue.first.baseAddress == first)
        let other = SegmentQueue(pool: pool)
        other.append([5])
        #expect(contents(queue) == [4])
        #expect(contents(other) == [5])
    }

    @Test func lentBytes_goBackToTheirOwnBuffers_ifThereAreSeveral() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * 4096, alignment: 64)
        defer { memory.deallocate() }
        let pool = SegmentPool()
        let lents = [0, 4].map { LentMemory(base: memory + $0 * 4096, pieceSize: 4096, count: 4) }
        for lent in lents { pool.adopt(lent) }
        let queue = SegmentQueue(pool: pool)
        for (piece, lent) in zip([2, 3] as [UInt16], lents) {
            queue.append(UnsafeRawBufferPointer(start: lent.lend(piece), count: 4096))
            lent.release(piece)
        }
        #expect(lents.allSatisfy { $0.outstanding == 1 })
        queue.consume(4096)
        #expect(lents.map { $0.popReturned() } == [2, nil])
        queue.removeAll()
        #expect(lents.map { $0.popReturned() } == [nil, 3])
    }

    @Test func lentBytes_areNotCopied_andReturnedOnce() {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: 8 * 4096, alignment: 64)
        defer { memory.deallocate() }
        let pool = SegmentPool()
        let lent = LentMemory(base: memory, pieceSize: 4096, count: 8)
        pool.adopt(lent)
        let queue = SegmentQueue(pool: pool)
        let piece = lent.lend(3)
        memset(piece, 6, 4096)
        queue.append(UnsafeRawBufferPointer(start: piece, count: 2000))
        queue.append(UnsafeRawBufferPointer(start: piece + 2000, count: 2096))
        #expect(queue.first.baseAddress == UnsafeRawPointer(piece))
        lent.release(3)
        #expect(!lent.hasReturned, "the buffer was returned while the queue reads it")
        queue.consume(2000)
        #expect(!lent.hasReturned)
        #expect(contents(queue) == [UInt8](repeating: 6, count: 2096))
        queue.consume(2096)
        var returned: [UInt16] = []
        lent.takeReturned { returned.append($0) }
        #expect(returned == [3])
        #expect(lent.outstanding == 0)
    }
}
