/// The receiving half of a connection, for async code.
///
/// Bytes wait in the reader until they are read. Reading from the kernel pauses when they exceed twice the limit, and
/// resumes when they have fallen to the limit. One task may wait at a time. Cancelling it loses no byte and leaves the
/// stream usable. If the connection breaks, the bytes that have arrived can still be read; then reading throws.
///
/// asyncio: `asyncio.StreamReader`.
public final class StreamReader: @unchecked Sendable {
    // Fields that each message uses are adjacent: with many connections, every further cache line is a miss.
    let core: LoopCore
    let arrived: WaitList
    /// The running iteration, retained, but unmanaged: the compiler would retain a managed reference for each message.
    var iteration: Unmanaged<StreamIteration>?
    let incoming: SegmentQueue
    /// Reading from the kernel pauses above this many bytes.
    private let highMark: Int
    private var error: (any Error)?
    private(set) var hasEnded = false
    /// Whether this reader has paused the transport.
    private var isPaused = false
    /// Whether the connection's writer has more bytes pending than its limits allow.
    private(set) var isWriterFull = false
    /// The longest line or record that ``readLine()`` and ``readUntil(separator:)`` accept, in bytes without the
    /// separator.
    public let limit: Int
    private var transport: (any StreamTransport)?
    /// The tasks that wait until the writer may continue.
    let drained: WaitList
    // Kept from call to call: a cancelled search resumes where it stopped, and its table is built once. The search for
    // newlines is stored separately, because protocols alternate between lines and another separator.
    var lineSearch: SeparatorSearch?
    var recordSearch: SeparatorSearch?

    init(core: LoopCore, limit: Int) {
        self.core = core
        self.limit = limit
        highMark = limit.multipliedReportingOverflow(by: 2).overflow ? .max : 2 * limit
        arrived = WaitList(queue: core.queue)
        incoming = SegmentQueue(pool: core.segments)
        drained = WaitList(queue: core.queue)
    }

    // MARK: Reading

    /// Lends the next received bytes without a copy or an allocation.
    ///
    /// - Parameters:
    ///   - count: The maximum number of bytes.
    ///   - body: Gets at least one byte. The bytes count as read, even if it throws. Writing the span, or part of it,
    ///     to a writer of the same loop avoids the copy where that is cheaper.
    /// - Returns: What the body returns; nil at the end of the stream.
    /// - Throws: What the body throws. The connection's error. `CancellationError` if the task is cancelled.
    ///   ``EventLoopError``: `.invalidState` if another task is waiting on this reader; `.closed` if the loop is
    ///   closed; `.wrongThread` if called off the loop's thread.
    /// - Cancellation: Ends the wait; no byte is lost.
    /// - Thread: A task of the loop.
    @inlinable
    public func withNextBytes<Result>(
        atMost count: Int = .max, _ body: (RawSpan) throws -> Result
    ) async throws -> Result? {
        guard try await waitForBytes() else { return nil }
        let run = nextRun(count)
        defer { consume(run.count) }
        return try body(run.bytes)
    }

    @usableFromInline
    func nextRun(_ count: Int) -> UnsafeRawBufferPointer {
        let run = incoming.first
        return UnsafeRawBufferPointer(start: run.baseAddress, count: min(max(1, count), run.count))
    }

    /// The bytes examined and segments entered by the searches for newlines and for the last other separator.
    package var searchWork: Int {
        (lineSearch?.work ?? 0) + (recordSearch?.work ?? 0)
    }

    /// How many received bytes wait to be read.
    package var waitingBytes: Int {
        incoming.count
    }

    /// Whether the stream has ended and everything has been read.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `at_eof`.
    public var atEOF: Bool {
        hasEnded && incoming.isEmpty
    }

    /// The error that broke the connection, if one did.
    ///
    /// - Thread: The loop's.
    ///
    /// asyncio: `exception`.
    public var exception: (any Error)? {
        error
    }

    // MARK: Waiting

    /// Throws unless the calling task may read.
    func checkUse() throws {
        try core.checkTask("read")
        if iteration != nil { throw inUse("read") }
    }

    @inline(never)
    func inUse(_ operation: String) -> EventLoopError {
        EventLoopError(.invalidState, operation, detail: "Another task is already waiting for bytes of this stream")
    }

    /// Whether the stream has ended; throws the error that broke the connection.
    ///
    /// Bytes that have arrived are read first.
    var isAtEnd: Bool {
        get throws {
            if let error { throw error }
            return hasEnded
        }
    }

    /// Waits until there are bytes to read; returns false at the end of the stream.
    @usableFromInline
    func waitForBytes() async throws -> Bool {
        try checkUse()
        while incoming.isEmpty {
            if try isAtEnd { return false }
            try prepareToWait("read")
            try await arrived.waitOrThrow("read")
        }
        return true
    }

    /// Waits for the next event of the stream.
    func waitForMore(inSequence: Bool = false) async throws {
        try prepareToWait("read")
        try await arrived.waitOrThrow("read", inSequence: inSequence)
    }

    /// Checks that no other task is waiting, and resumes reading: a reader that needs more bytes must not stay paused.
    func prepareToWait(_ operation: String) throws {
        guard arrived.isEmpty else { throw inUse(operation) }
        if isPaused { resume() }
    }

    func take(_ count: Int) -> [UInt8] {
        let bytes = incoming.copyPrefix(count)
        consume(count)
        return bytes
    }

    @usableFromInline
    func consume(_ count: Int) {
        incoming.consume(count)
        if isPaused { resumeIfPossible() }
    }

    // MARK: Back-pressure

    /// Resumes reading, unless too many bytes are waiting here or, during an iteration, in the writer.
    @inline(never)
    func resumeIfPossible() {
        guard isPaused, incoming.count <= limit, iteration == nil || !isWriterFull else { return }
        resume()
    }

    private func resume() {
        isPaused = false
        transport?.resumeReading()
    }

    /// Pauses reading, unless it is paused already, perhaps by the user.
    func pause() {
        guard !isPaused, let transport, transport.isReading else { return }
        isPaused = true
        transport.pauseReading()
    }

    func writerIsFull() {
        isWriterFull = true
        if iteration != nil { pause() }
    }

    func writerHasDrained() {
        isWriterFull = false
        // An iteration that waits for the writer resumes reading by itself.
        if iteration != nil, !arrived.isEmpty { resumeIfPossible() }
        drained.resumeAll()
    }

    // MARK: Feeding

    func attach(_ transport: any StreamTransport) {
        self.transport = transport
    }

    func feed(_ bytes: RawSpan) {
        if let iteration, !arrived.isEmpty { return pass(bytes, to: iteration) }
        store(bytes.withUnsafeBytes { $0 })
        arrived.resumeAll()
    }

    func store(_ bytes: UnsafeRawBufferPointer) {
        incoming.append(bytes)
        if incoming.count > highMark { pause() }
    }

    /// Takes all bytes from the reader, which ends its own pause of reading; a pause by the user stays.
    func takeAll() -> [UInt8] {
        let bytes = incoming.copyPrefix(incoming.count)
        incoming.removeAll()
        if isPaused { resume() }
        return bytes
    }

    func end() {
        hasEnded = true
        arrived.resumeAll()
    }

    func lose(_ error: (any Error)?) {
        self.error = error
        transport = nil
        end()
        writerHasDrained()
    }
}
