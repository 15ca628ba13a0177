internal import Glibc

extension SegmentQueue {
    /// The first bytes as an array; they stay in the queue.
    package func copyPrefix(_ length: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { target, filled in
            forEachRun(of: length) { run in
                UnsafeMutableRawBufferPointer(target).baseAddress.unsafelyUnwrapped.advanced(by: filled)
                    .copyMemory(from: run.baseAddress.unsafelyUnwrapped, byteCount: run.count)
                filled += run.count
            }
        }
    }

    /// The byte at a distance from the front, if it is there.
    package func byte(at offset: Int) -> UInt8? {
        guard offset < count else { return nil }
        var left = offset
        var found: UInt8?
        forEachRun(of: offset + 1) { run in
            if left >= 0, left < run.count { found = run[left] }
            left -= run.count
        }
        return found
    }

    /// Where a separator begins, at or after a distance from the front.
    package func firstIndex(of separator: [UInt8], from start: Int) -> Int? {
        var candidate = start
        while let found = firstIndex(of: separator[0], from: candidate) {
            guard found + separator.count <= count else { return nil }
            if separator.indices.dropFirst().allSatisfy({ byte(at: found + $0) == separator[$0] }) { return found }
            candidate = found + 1
        }
        return nil
    }

    private func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        var position = 0
        var found: Int?
        forEachRun(of: count) { run in
            defer { position += run.count }
            let skipped = max(0, start - position)
            guard found == nil, skipped < run.count, let base = run.baseAddress else { return }
            guard let hit = memchr(base + skipped, Int32(byte), run.count - skipped) else { return }
            found = position + (UnsafeRawPointer(hit) - base)
        }
        return found
    }
}
