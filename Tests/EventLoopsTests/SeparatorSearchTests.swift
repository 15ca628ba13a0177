import TestSupport
import Testing

@testable import EventLoops

@Suite struct SeparatorSearchTests {
    /// Appends random bytes and consumes some in between, compared with a plain array.
    @Test(arguments: 1...40)
    func search_agreesWithAPlainSearch_howeverBytesAreSplit(seed: UInt64) throws {
        var random = SeededRandom(seed)
        let source = ScatteredBytes()
        let queue = SegmentQueue(pool: source.pool)
        // With two letters, separators overlap themselves in every way.
        let letters: ClosedRange<UInt8> = 0...(seed.isMultiple(of: 2) ? 1 : 2)
        let length = Int.random(in: 1...9, using: &random)
        let separator = (0..<length).map { _ in UInt8.random(in: letters, using: &random) }
        let search = SeparatorSearch(separator)
        var model: [UInt8] = []
        for _ in 0..<60 {
            if Int.random(in: 0..<8, using: &random) == 0 {
                let count = Int.random(in: 0...model.count, using: &random)
                queue.consume(count)
                model.removeFirst(count)
            } else {
                model += source.append(to: queue, letters, &random)
            }
            try #require(queue.copyPrefix(queue.count) == model)
            #expect(search.firstIndex(in: queue) == model.firstIndex(of: separator))
            #expect(search.firstIndex(in: queue) == model.firstIndex(of: separator), "asked twice")
            if let found = search.firstIndex(in: queue), Bool.random(using: &random) {
                queue.consume(found + length)
                model.removeFirst(found + length)
            }
        }
    }

    @Test func separator_isFound_acrossSegments() {
        let source = ScatteredBytes()
        let queue = SegmentQueue(pool: source.pool)
        let search = SeparatorSearch([1, 2, 3, 4, 5])
        // Three segments: a retained array, a block, and a retained array.
        source.keep([UInt8](repeating: 0, count: 1022) + [1, 2], in: queue)
        #expect(search.firstIndex(in: queue) == nil)
        queue.append([3, 4])
        #expect(search.firstIndex(in: queue) == nil)
        source.keep([5] + [UInt8](repeating: 0, count: 1023), in: queue)
        #expect(search.firstIndex(in: queue) == 1022)
        queue.consume(1023)
        #expect(search.firstIndex(in: queue) == nil)
    }

    @Test func table_isMade_forSeparatorsOfSeveralBytesOnly() {
        #expect(SeparatorSearch([0x0A]).fallbacks.isEmpty)
        #expect(SeparatorSearch([0x61, 0x62, 0x61, 0x63]).fallbacks == [0, 0, 0, 1])
    }

    /// A search that restarts the separator at each position needs 29 times the bytes; one that restarts from the
    /// front for each delivery, the square of the deliveries.
    @Test(arguments: [1, 7, 1000, 16_384, 262_144])
    func work_isLinear_whenTheSeparatorOverlapsItself(arrival: Int) {
        let separator = [UInt8](repeating: 0x2D, count: 29) + [0x62]
        let search = SeparatorSearch(separator)
        let queue = SegmentQueue(pool: SegmentPool())
        let total = min(256 * 1024, arrival * 8192)
        var arrivals = 0
        var hits = 0
        for start in stride(from: 0, to: total, by: arrival) {
            queue.append([UInt8](repeating: 0x2D, count: min(arrival, total - start)))
            if search.firstIndex(in: queue) != nil { hits += 1 }
            arrivals += 1
        }
        #expect(hits == 0)
        // Each mismatch is followed by at most one comparison that does not advance.
        #expect(search.work <= 2 * total + 2 * arrivals + 64)
        queue.append([0x62])
        #expect(search.firstIndex(in: queue) == total - 29)
    }

    @Test(arguments: [[0x0A], [0x0D, 0x0A], [0x61, 0x62, 0x61, 0x63], [0x61, 0x61, 0x61, 0x62]] as [[UInt8]])
    func work_isLinear_whenTheFirstByteIsFrequent(separator: [UInt8]) {
        let search = SeparatorSearch(separator)
        let source = ScatteredBytes()
        let queue = SegmentQueue(pool: source.pool)
        let pattern: [UInt8] = [0x61, 0x62, 0x61, 0x0D, 0x61, 0x61, 0x65]
        let piece = Array(repeatElement(pattern, count: 200).joined())
        for _ in 0..<100 {
            queue.append(piece)
            #expect(search.firstIndex(in: queue) == nil)
        }
        #expect(search.work <= 2 * queue.count + 400)
    }
}

/// The bytes of a queue in segments of random lengths: copied runs share blocks, retained ones are segments of their
/// own.
private final class ScatteredBytes {
    let pool = SegmentPool()
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 2048, alignment: 64)
    private let lent: LentMemory
    private var nextPiece: UInt16 = 0

    init() {
        lent = LentMemory(base: memory.baseAddress.unsafelyUnwrapped, pieceSize: 2048, count: 256)
        pool.adopt(lent)
    }

    deinit {
        memory.deallocate()
    }

    /// Appends a retained segment of at least 1 KiB.
    func keep(_ bytes: [UInt8], in queue: SegmentQueue) {
        let piece = lent.popReturned() ?? nextPiece
        if piece == nextPiece { nextPiece += 1 }
        let target = UnsafeMutableRawBufferPointer(start: lent.lend(piece), count: bytes.count)
        target.copyBytes(from: bytes)
        queue.append(UnsafeRawBufferPointer(target))
        lent.release(piece)
    }

    func append(
        to queue: SegmentQueue, _ letters: ClosedRange<UInt8>, _ random: inout SeededRandom
    ) -> [UInt8] {
        let isKept = Int.random(in: 0..<3, using: &random) == 0
        let count = isKept ? Int.random(in: 1024...1100, using: &random) : Int.random(in: 0...12, using: &random)
        let bytes = (0..<count).map { _ in UInt8.random(in: letters, using: &random) }
        if isKept { keep(bytes, in: queue) } else { queue.append(bytes) }
        return bytes
    }
}

extension [UInt8] {
    /// Finds a separator by comparing it at each position.
    func firstIndex(of separator: [UInt8]) -> Int? {
        guard separator.count <= count else { return nil }
        return (0...count - separator.count).first { self[$0..<$0 + separator.count].elementsEqual(separator) }
    }
}
