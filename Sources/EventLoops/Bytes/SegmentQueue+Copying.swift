extension SegmentQueue {
    /// Copies the first bytes to an array; they stay in the queue.
    package func copyPrefix(_ length: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: length) { target, filled in
            forEachRun(of: length) { run in
                UnsafeMutableRawBufferPointer(target).baseAddress.unsafelyUnwrapped.advanced(by: filled)
                    .copyMemory(from: run.baseAddress.unsafelyUnwrapped, byteCount: run.count)
                filled += run.count
            }
        }
    }

    /// The byte at an offset from the front, found by walking there; nil beyond the end.
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
}
