import Glibc
import Kernel
import TestSupport
import Testing
import Uring

@Suite("Provided buffers", .needsRing)
struct BufferRingTests {
    @Test func multishotReceive_continues_afterBuffersRanOut() throws {
        let harness = try RingHarness()
        let buffers = try BufferRing(ring: harness.ring, group: 1, count: 2, size: 4096)
        let pair = try SocketPair(nonBlocking: true)
        let sent = (0..<12000).map { UInt8(truncatingIfNeeded: $0 / 7) }
        pair.write(sent)
        var received: [UInt8] = []
        _ = harness.ring.receiveMultishot(pair.left, group: 1, for: harness.target(1))
        var used: [UInt16] = []
        for _ in 1...2 {
            let completion = try harness.next(1)
            #expect(completion.result == 4096)
            #expect(completion.hasMore)
            used.append(completion.buffer)
            received += UnsafeRawBufferPointer(start: buffers.address(of: completion.buffer), count: 4096)
        }
        let starved = try harness.next(1)
        #expect(starved.result == -ENOBUFS)
        #expect(!starved.hasMore)
        #expect(Set(used) == [0, 1])
        for identifier in used { buffers.give(identifier) }
        buffers.publish()
        _ = harness.ring.receiveMultishot(pair.left, group: 1, for: harness.target(2))
        let rest = try harness.next(2)
        #expect(rest.result == 3808)
        received += UnsafeRawBufferPointer(start: buffers.address(of: rest.buffer), count: 3808)
        #expect(received == sent)
        try harness.cancel(2)
        buffers.unregister()
    }

    @Test func buffers_areReused_manyTimes() throws {
        let harness = try RingHarness()
        let buffers = try BufferRing(ring: harness.ring, group: 0, count: 4, size: 16)
        let pair = try SocketPair()
        _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(1))
        // More than 65,536 rounds overflow the 16 bits of the tail; 70,000 take a fraction of a second.
        for round in 0..<70000 {
            let byte = UInt8(truncatingIfNeeded: round)
            withUnsafeBytes(of: byte) { _ = write(pair.right, $0.baseAddress!, 1) }
            let completion = try harness.next(1)
            guard completion.result == 1, completion.hasMore,
                buffers.address(of: completion.buffer).load(as: UInt8.self) == byte
            else {
                Issue.record("round \(round): \(completion)")
                return
            }
            buffers.give(completion.buffer)
            buffers.publish()
        }
        try harness.cancel(1)
    }

    @Test func buffers_canBeAdded_afterTheKernelRanOut() throws {
        let harness = try RingHarness()
        let buffers = try BufferRing(ring: harness.ring, group: 0, count: 8, size: 16, first: 2)
        let pair = try SocketPair()
        pair.write([UInt8](repeating: 7, count: 16 * 3))
        _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(1))
        for _ in 0..<2 { #expect(try harness.next(1).result == 16) }
        #expect(try harness.next(1).result == -ENOBUFS)
        buffers.supplyMore()
        #expect(buffers.supplied == 4)
        _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(1))
        let completion = try harness.next(1)
        #expect(completion.result == 16)
        #expect(completion.buffer == 2)
        for _ in 0..<3 { buffers.supplyMore() }
        #expect(buffers.supplied == buffers.count)
        try harness.cancel(1)
    }

    @Test func endOfStream_needsNoBuffer() throws {
        let harness = try RingHarness()
        let buffers = try BufferRing(ring: harness.ring, group: 0, count: 2, size: 16)
        let pair = try SocketPair()
        pair.write([1])
        pair.closeRight()
        _ = harness.ring.receiveMultishot(pair.left, group: 0, for: harness.target(1))
        #expect(try harness.next(1).result == 1)
        let end = try harness.next(1)
        #expect(end.result == 0)
        #expect(!end.hasMore)
        #expect(buffers.count == 2)
    }

    @Test func bufferGroupInUse_isAnError_andIsFreeAfterClose() throws {
        let harness = try RingHarness()
        let first = try BufferRing(ring: harness.ring, group: 3, count: 8, size: 64)
        let error = #expect(throws: RingError.self) {
            try BufferRing(ring: harness.ring, group: 3, count: 8, size: 64)
        }
        #expect(error?.errno.rawValue == EEXIST)
        #expect(error?.operation == "io_uring_register(PBUF_RING)")
        first.unregister()
        first.unregister()
        _ = try BufferRing(ring: harness.ring, group: 3, count: 8, size: 64)
    }

    /// Huge pages would give memory to the parts of large buffers that are never written.
    @Test(arguments: [false, true]) func hugePages_areUsedOnlyIfWanted(_ isWanted: Bool) throws {
        let harness = try RingHarness()
        let buffers = try BufferRing(ring: harness.ring, group: 0, count: 64, size: 65536, hugePages: isWanted)
        let flags = try #require(Self.flags(ofMappingAt: UInt(bitPattern: buffers.base)))
        // Kernels without huge pages know neither flag.
        if access("/sys/kernel/mm/transparent_hugepage", F_OK) == 0 {
            #expect(flags.contains("hg") == isWanted && flags.contains("nh") == !isWanted)
        }
        buffers.unregister()
    }

    /// The flags of the mapping that contains an address, from `/proc/self/smaps`.
    private static func flags(ofMappingAt address: UInt) -> [Substring]? {
        guard let file = fopen("/proc/self/smaps", "r") else { return nil }
        defer { fclose(file) }
        var isFound = false
        var line = [CChar](repeating: 0, count: 4096)
        while fgets(&line, Int32(line.count), file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let words = text.split { $0 == " " || $0 == "\n" }
            let ends = (words.first ?? "").split(separator: "-").compactMap { UInt($0, radix: 16) }
            if ends.count == 2 { isFound = (ends[0]..<ends[1]).contains(address) }
            if isFound, words.first == "VmFlags:" { return words }
        }
        return nil
    }

    @Test func buffers_areContiguous() throws {
        let harness = try RingHarness()
        let buffers = try BufferRing(ring: harness.ring, group: 0, count: 256, size: 16384)
        #expect(buffers.address(of: 0) == buffers.base)
        #expect(buffers.address(of: 255) == buffers.base + 255 * 16384)
        #expect(CompletionFlags(rawValue: 0xabcd_0003).buffer == 0xabcd)
        harness.ring.close()
        buffers.unregister()
    }
}
