extension StreamReader {
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
        try checkUse()
        // Taken only at the end: bytes that a task takes before it is cancelled would be lost.
        while try !isAtEnd { try await waitForMore() }
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
        try checkUse()
        while incoming.count < count {
            if try isAtEnd { throw IncompleteReadError(partial: take(incoming.count), expected: count) }
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

    static let newline: [UInt8] = [0x0A]

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
        try checkUse()
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
        if try isAtEnd { throw IncompleteReadError(partial: take(incoming.count), expected: nil) }
        return nil
    }

    func search(for separator: [UInt8]) -> SeparatorSearch {
        let isNewline = separator.count == 1 && separator[0] == 0x0A
        if let search = isNewline ? lineSearch : recordSearch, isNewline || search.separator == separator {
            return search
        }
        let search = SeparatorSearch(separator)
        if isNewline { lineSearch = search } else { recordSearch = search }
        return search
    }

    // MARK: Reading for sequences, which the loop may finish before the stream ends

    func nextChunk() async throws -> [UInt8]? {
        try checkUse()
        while !core.areSequencesOver {
            if !incoming.isEmpty { return take(min(max(1, limit), incoming.count)) }
            if try isAtEnd { return nil }
            try await waitForMore(inSequence: true)
        }
        return nil
    }

    func nextLine() async throws -> [UInt8]? {
        try checkUse()
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
}
