/// A call of ``StreamReader/forEachChunk(_:)`` or ``StreamReader/forEachLine(_:)`` that has not returned.
///
/// The body is a constant, so that it is called without a retain. Each form of body has its own property, because
/// wrapping one form in a closure of the other would cost a call and a cache line for each message.
final class StreamIteration {
    let takesLines: Bool
    let operation: StaticString
    // Not optional: the compiler would retain an optional closure for each call.
    private let body: (RawSpan) throws -> Void
    private let deciding: (RawSpan) throws -> StreamStep
    private let decides: Bool
    /// Whether the body has stopped or thrown.
    private(set) var isOver = false
    private(set) var failure: (any Error)?
    /// Holds a line whose bytes are not adjacent; reused, so that lines allocate nothing.
    private var joined = UnsafeMutableRawBufferPointer(start: nil, count: 0)

    /// - Parameter body: Never stops, except by throwing.
    init(_ operation: StaticString, takesLines: Bool, body: @escaping (RawSpan) throws -> Void) {
        self.operation = operation
        self.takesLines = takesLines
        self.body = body
        deciding = { _ in .stop }
        decides = false
    }

    /// - Parameter deciding: Decides after each call.
    init(_ operation: StaticString, takesLines: Bool, deciding: @escaping (RawSpan) throws -> StreamStep) {
        self.operation = operation
        self.takesLines = takesLines
        body = { _ in }
        self.deciding = deciding
        decides = true
    }

    deinit {
        joined.deallocate()
    }

    /// Lends bytes to the body.
    @inline(__always)
    func lend(_ bytes: RawSpan) -> StreamStep {
        do {
            guard decides else {
                try body(bytes)
                return .continue
            }
            let step = try deciding(bytes)
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
