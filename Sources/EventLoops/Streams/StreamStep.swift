/// What an iteration over a stream does after a call of its body.
///
/// Returned by the body of ``StreamReader/forEachChunk(isolation:_:)`` and
/// ``StreamReader/forEachLine(isolation:_:)``.
public struct StreamStep: Hashable, Sendable {
    /// How many of the lent bytes count as read, or one of the two values below.
    private let count: Int

    private static let untilNext = -1
    private static let all = Int.max

    private init(count: Int) {
        self.count = count
    }

    /// Continues with the bytes that arrive next.
    public static var `continue`: StreamStep {
        StreamStep(count: untilNext)
    }

    /// Ends the iteration; the lent bytes count as read, a line with its newline.
    public static var stop: StreamStep {
        StreamStep(count: all)
    }

    /// Ends the iteration; the bytes after the first `count` lent bytes stay in the stream.
    ///
    /// - Parameter count: How many of the lent bytes count as read; a number outside the span counts as its nearest
    ///   end. After a part of a line, the rest of the line and its newline stay in the stream.
    public static func stop(after count: Int) -> StreamStep {
        StreamStep(count: min(max(0, count), all - 1))
    }

    /// Whether the iteration continues.
    var continues: Bool {
        count == Self.untilNext
    }

    /// How many bytes of the stream count as read.
    ///
    /// - Parameters:
    ///   - lent: The number of lent bytes.
    ///   - terminator: The number of bytes after them that belong to them.
    func consumed(lent: Int, terminator: Int = 0) -> Int {
        switch count {
        case Self.untilNext, Self.all: lent + terminator
        default: min(count, lent)
        }
    }
}
