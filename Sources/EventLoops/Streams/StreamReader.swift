internal import Glibc

/// The receiving half of a connection, for async code.
///
/// Bytes wait in the reader until they are read. Reading from the kernel pauses when they exceed twice the limit, and
/// resumes when they have fallen to the limit. One task may wait at a time. Cancelling it loses no byte and leaves the
/// stream usable.
///
/// asyncio: `asyncio.StreamReader`.
public final class StreamReader: @unchecked Sendable {
    // Fields that each message uses are adjacent: with many connections, every further cache line is a miss.
    let core: LoopCore
    private let arrived: WaitList
    private let incoming: SegmentQueue
    /// Reading from the kernel pauses above this many bytes.
    private let highMark: Int
    private var error: (any Error)?
    private var hasEnded = false
    private var isPaused = false
    /// The longest line or record that ``readLine()`` and ``readUntil(separator:)`` accept, in bytes without the
    /// separator.
    public let limit: Int
    private var transport: (any StreamTransport)?
    // Kept from call to call: a cancelled search resumes where it stopped, and its table is built once. The search for
    // newlines is stored separately, because protocols alternate between lines and another separator.
    private(set) var lineSearch: SeparatorSearch?
    private(set) var recordSearch: SeparatorSearch?

    init(core: LoopCore, limit: Int) {
        self.core = core
        self.limit = limit
        highMark = limit.multipliedReportingOverflow(by: 2).overflow ? .max : 2 * limit
        arrived = WaitList(queue: core.queue)
        incoming = SegmentQueue(pool: core.segments)
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

    /// Reads the bytes that have arrived, up to `count`; waits for at least one.
    ///
    /// - Parameter count: The maximum number of bytes; negative for everything up to the end of the stream.
    /// - Returns: The bytes; empty at the end of the stream, or if `count` is zero.
    /// - Throws: The connection's error. `CancellationError` if the task is cancelled. ``EventLoopError``:
    ///   `.invalidState` if another task is waiting on this reader; `.closed` if the loop is closed; `.wrongThread` if
    ///   called off the loop's thread.
    /// - Cancellation: Ends the wait; no byte is lost.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `read`.
    public func read(_ count: Int = -1) async throws -> [UInt8] {
        if count == 0 { return [] }
        if count < 0 { return try await readToEnd() }
        guard try await waitForBytes() else { return [] }
        return take(min(count, incoming.count))
    }

    private func readToEnd() async throws -> [UInt8] {
        try throwIfBroken()
        // Taken only at the end: bytes that a task takes before it is cancelled would be lost.
        while !hasEnded { try await waitForMore() }
        return take(incoming.count)
    }

    /// Reads an exact number of bytes.
    ///
    /// - Parameter count: The number of bytes, not negative.
    /// - Returns: The bytes.
    /// - Throws: ``IncompleteReadError`` if the stream ends first; ``EventLoopError`` with `.invalidArgument` if the
    ///   count is negative; otherwise the same as ``read(_:)``.
    /// - Cancellation: Ends the wait; no byte is lost.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `readexactly`.
    public func readExactly(_ count: Int) async throws -> [UInt8] {
        guard count >= 0 else {
            throw EventLoopError.invalidArgument("readExactly", "The count must not be negative, as \(count) is")
        }
        try throwIfBroken()
        while incoming.count < count {
            if hasEnded { throw IncompleteReadError(partial: take(incoming.count), expected: count) }
            try await waitForMore()
        }
        return take(count)
    }

    /// Reads through the next newline.
    ///
    /// - Returns: The line with its newline, or without one if the stream ends first; empty at the end of the stream.
    /// - Throws: ``LimitOverrunError`` if the line is longer than the limit, in which case the part of it that has
    ///   arrived is dropped; otherwise the same as ``read(_:)``.
    /// - Cancellation: Ends the wait; no byte is lost.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `readline`.
    public func readLine() async throws -> [UInt8] {
        do { return try await readUntil(separator: Self.newline) } catch { return try line(inSpiteOf: error) }
    }

    private static let newline: [UInt8] = [0x0A]

    /// Returns a last line without a newline, and drops a line that is too long.
    private func line(inSpiteOf error: any Error) throws -> [UInt8] {
        if let incomplete = error as? IncompleteReadError { return incomplete.partial }
        if let overrun = error as? LimitOverrunError {
            let endsAtNewline = incoming.byte(at: overrun.consumed) == 0x0A
            consume(endsAtNewline ? overrun.consumed + 1 : incoming.count)
        }
        throw error
    }

    /// Reads through the next separator.
    ///
    /// The search takes time linear in the number of bytes that arrive, whatever the separator.
    ///
    /// - Parameter separator: At least one byte.
    /// - Returns: The bytes through the separator.
    /// - Throws: ``IncompleteReadError`` if the stream ends first; ``LimitOverrunError`` if more than ``limit`` bytes
    ///   precede the separator; ``EventLoopError`` with `.invalidArgument` if the separator is empty; otherwise the
    ///   same as ``read(_:)``.
    /// - Cancellation: Ends the wait; no byte is lost.
    /// - Thread: A task of the loop.
    ///
    /// asyncio: `readuntil`.
    public func readUntil(separator: [UInt8]) async throws -> [UInt8] {
        guard !separator.isEmpty else {
            throw EventLoopError.invalidArgument("readUntil", "Separator should be at least one-byte string")
        }
        try throwIfBroken()
        while true {
            if let bytes = try takeThrough(separator) { return bytes }
            try await waitForMore()
        }
    }

    /// Takes everything through the next separator; nil if more bytes have to arrive first.
    private func takeThrough(_ separator: [UInt8]) throws -> [UInt8]? {
        if let found = search(for: separator).firstIndex(in: incoming) {
            guard found <= limit else { throw LimitOverrunError(consumed: found, limit: limit) }
            return take(found + separator.count)
        }
        // The separator may begin in the bytes that have arrived and end in those that follow.
        let searched = max(0, incoming.count + 1 - separator.count)
        guard searched <= limit else { throw LimitOverrunError(consumed: searched, limit: limit) }
        if hasEnded { throw IncompleteReadError(partial: take(incoming.count), expected: nil) }
        return nil
    }

    private func search(for separator: [UInt8]) -> SeparatorSearch {
        let isNewline = separator.count == 1 && separator[0] == 0x0A
        if let search = isNewline ? lineSearch : recordSearch, isNewline || search.separator == separator {
            return search
        }
        let search = SeparatorSearch(separator)
        if isNewline { lineSearch = search } else { recordSearch = search }
        return search
    }

    /// The bytes examined and segments entered by the searches for newlines and for the last other separator.
    package var searchWork: Int {
        (lineSearch?.work ?? 0) + (recordSearch?.work ?? 0)
    }

    // MARK: Reading for sequences, which the loop may finish before the stream ends

    func nextChunk() async throws -> [UInt8]? {
        try throwIfBroken()
        while !core.areSequencesOver {
            if !incoming.isEmpty { return take(min(max(1, limit), incoming.count)) }
            if hasEnded { return nil }
            try await waitForMore(inSequence: true)
        }
        return nil
    }

    func nextLine() async throws -> [UInt8]? {
        try throwIfBroken()
        do {
            while !core.areSequencesOver {
                if let line = try takeThrough(Self.newline) { return line }
                try await waitForMore(inSequence: true)
            }
            return nil
        } catch {
            let last = try line(inSpiteOf: error)
            return last.isEmpty ? nil : last
        }
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

    private func throwIfBroken() throws {
        try core.checkTask("read")
        if let error { throw error }
    }

    /// Waits until there are bytes to read; returns false at the end of the stream.
    @usableFromInline
    func waitForBytes() async throws -> Bool {
        try throwIfBroken()
        while incoming.isEmpty {
            if hasEnded { return false }
            try prepareToWait()
            try await arrived.waitOrThrow("read")
            if let error { throw error }
        }
        return true
    }

    /// Waits for the next event of the stream.
    private func waitForMore(inSequence: Bool = false) async throws {
        try prepareToWait()
        try await arrived.waitOrThrow("read", inSequence: inSequence)
        if let error { throw error }
    }

    /// Checks that no other task is waiting, and resumes reading: a reader that needs more bytes must not stay paused.
    private func prepareToWait() throws {
        guard arrived.isEmpty else {
            throw EventLoopError(
                .invalidState, "read", detail: "Another task is already waiting for bytes of this stream")
        }
        if isPaused { resume() }
    }

    private func take(_ count: Int) -> [UInt8] {
        let bytes = incoming.copyPrefix(count)
        consume(count)
        return bytes
    }

    @usableFromInline
    func consume(_ count: Int) {
        incoming.consume(count)
        if isPaused, incoming.count <= limit { resume() }
    }

    private func resume() {
        isPaused = false
        transport?.resumeReading()
    }

    // MARK: Feeding

    func attach(_ transport: any StreamTransport) {
        self.transport = transport
    }

    func feed(_ bytes: RawSpan) {
        incoming.append(bytes.withUnsafeBytes { $0 })
        if incoming.count > highMark, !isPaused {
            isPaused = true
            transport?.pauseReading()
        }
        arrived.resumeAll()
    }

    func end() {
        hasEnded = true
        arrived.resumeAll()
    }

    func lose(_ error: (any Error)?) {
        self.error = error
        transport = nil
        end()
    }
}
