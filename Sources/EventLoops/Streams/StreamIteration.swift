/// A call of ``StreamReader/forEachChunk(_:)`` or ``StreamReader/forEachLine(_:)`` that has not returned.
///
/// The body is a constant, so that it is called without a retain. It is of one of two kinds, because a closure around
/// a body of the other kind would cost a call and a cache line for each message.
final class StreamIteration {
    let takesLines: Bool
    let operation: StaticString
    private let body: ((RawSpan) throws -> Void)?
    private let deciding: ((RawSpan) throws -> StreamStep)?
    /// Whether the body has stopped or thrown.
    private(set) var isOver = false
    private(set) var failure: (any Error)?
    /// Holds a line whose bytes are not adjacent; reused, so that lines allocate nothing.
    private var joined = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// - Parameters:
    ///   - body: Never stops, except by throwing.
    ///   - deciding: Decides after each call; exactly one of the two is given.
    init(
        _ operation: StaticString, takesLines: Bool, body: ((RawSpan) throws -> Void)? = nil,
        deciding: ((RawSpan) throws -> StreamStep)? = nil
    ) {
        self.operation = operation
        self.takesLines = takesLines
        self.body = body
        self.deciding = deciding
    }

    deinit {
        joined.deallocate()
    }

    /// Lends bytes to the body.
    @inline(__always)
    func lend(_ bytes: RawSpan) -> StreamStep {
        do {
            if let body {
                try body(bytes)
                return .continue
            }
            let step = try deciding?(bytes) ?? .stop
            if !step.continues { isOver = true }
            return step
        } catch {
            return fail(error)
        }
    }

    /// Ends the iteration with an error; what has been lent counts as read.
    @inline(never)
    @discardableResult
    func fail(_ error: any Error) -> StreamStep {
        failure = error
        isOver = true
        return .stop
    }

    /// The first `length` bytes of a queue as one run, copied if they are not adjacent.
    func firstRun(of length: Int, in queue: SegmentQueue) -> UnsafeRawBufferPointer {
        let first = queue.first
        if first.count >= length { return UnsafeRawBufferPointer(start: first.baseAddress, count: length) }
        if joined.count < length { growJoined(to: length) }
        var filled = 0
        queue.forEachRun(of: length) { run in
            UnsafeMutableRawBufferPointer(rebasing: joined[filled...]).copyMemory(from: run)
            filled += run.count
        }
        return UnsafeRawBufferPointer(rebasing: joined[..<length])
    }

    private func growJoined(to length: Int) {
        joined.deallocate()
        joined = .allocate(byteCount: max(length, 2 * joined.count), alignment: 16)
    }
}
