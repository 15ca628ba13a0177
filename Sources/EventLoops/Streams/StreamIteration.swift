/// A call of ``StreamReader/forEachChunk(_:)`` or ``StreamReader/forEachLine(_:)`` that has not returned.
///
/// The body is a constant, so that it is called without a retain.
final class StreamIteration {
    let takesLines: Bool
    let operation: StaticString
    private let body: (RawSpan) throws -> StreamStep
    /// Whether the body has stopped or thrown.
    private(set) var isOver = false
    private(set) var failure: (any Error)?
    /// Holds a line whose bytes are not adjacent; reused, so that lines allocate nothing.
    private var joined = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    init(_ operation: StaticString, takesLines: Bool, _ body: @escaping (RawSpan) throws -> StreamStep) {
        self.operation = operation
        self.takesLines = takesLines
        self.body = body
    }

    deinit {
        joined.deallocate()
    }

    /// Lends bytes to the body.
    @inline(__always)
    func lend(_ bytes: RawSpan) -> StreamStep {
        do {
            let step = try body(bytes)
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
