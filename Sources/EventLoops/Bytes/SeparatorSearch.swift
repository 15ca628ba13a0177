internal import Glibc

/// Searches a growing queue for a separator, in time linear in the bytes searched.
///
/// The search keeps its state between calls. It reads each byte once, however the bytes arrive and wherever segments
/// end, and never walks from the front of the queue again, unless bytes were consumed since the last call.
///
/// Source: the algorithm of Knuth, Morris and Pratt, with `memchr(3)` while no byte of the separator has matched.
package final class SeparatorSearch {
    package let separator: [UInt8]
    /// At `n`: the length of the longest proper prefix of the separator that is a suffix of its first `n` bytes.
    ///
    /// After a mismatch following `n` matching bytes, the search continues as if only this many had matched. Empty for
    /// a separator of one byte, which never matches in part.
    let fallbacks: [Int]
    private var cursor = SegmentCursor(consumed: 0)
    /// How many bytes of the separator match the bytes before the cursor.
    private var matched = 0
    private var found: Int?
    /// The bytes examined and segments entered so far, which tests measure instead of time.
    package private(set) var work = 0

    /// - Parameter separator: At least one byte.
    package init(_ separator: [UInt8]) {
        self.separator = separator
        fallbacks = Self.fallbacks(of: separator)
    }

    private static func fallbacks(of separator: [UInt8]) -> [Int] {
        guard separator.count > 1 else { return [] }
        var fallbacks = [Int](repeating: 0, count: separator.count)
        var length = 0
        for end in separator.indices.dropFirst(2) {
            let last = separator[end - 1]
            while length > 0, separator[length] != last { length = fallbacks[length] }
            if separator[length] == last { length += 1 }
            fallbacks[end] = length
        }
        return fallbacks
    }

    /// Returns the offset of the first separator from the front of the queue; nil if the queue holds none yet.
    ///
    /// - Parameter queue: The same queue in every call.
    package func firstIndex(in queue: SegmentQueue) -> Int? {
        if !queue.isValid(cursor) { restart(queue) }
        if let found { return found }
        while let run = queue.nextRun(from: &cursor) {
            work += 1
            guard let end = endOfMatch(in: run) else { continue }
            found = cursor.position - run.count + end - separator.count
            return found
        }
        return nil
    }

    private func restart(_ queue: SegmentQueue) {
        cursor = queue.front
        matched = 0
        found = nil
    }

    /// Returns the offset just past the first match that ends in the run.
    private func endOfMatch(in run: UnsafeRawBufferPointer) -> Int? {
        guard let base = run.baseAddress else { return nil }
        var index = 0
        var matched = matched
        var compared = 0
        while matched < separator.count, index < run.count {
            if matched == 0 {
                let hit = memchr(base + index, Int32(separator[0]), run.count - index)
                let next = hit.map { UnsafeRawPointer($0) - base + 1 } ?? run.count
                compared += next - index
                index = next
                if hit != nil { matched = 1 }
            } else {
                compared += 1
                if run[index] == separator[matched] {
                    index += 1
                    matched += 1
                } else {
                    matched = fallbacks[matched]
                }
            }
        }
        self.matched = matched
        work += compared
        return matched == separator.count ? index : nil
    }
}
