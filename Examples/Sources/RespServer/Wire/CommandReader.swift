/// Cuts the bytes of one connection into commands, however the bytes are split into reads.
///
/// A command is an array of words with their lengths, or a line of text. Nothing is allocated for a length that a
/// client merely announces.
final class CommandReader {
    /// The bytes of the command that ``next(_:)`` has returned.
    private(set) var consumed = 0

    /// How far the present command has been read, in bytes from its start.
    private var cursor = 0
    private let words = WordList()
    /// Words that have not arrived; nil before the first line of a command is complete.
    private var missing: Int?
    /// The length of the word that arrives; nil before it is known.
    private var wordLength: Int?
    private let line = LineReader()

    /// Reads one command.
    ///
    /// - Parameter bytes: What has arrived, from the start of the command. Call again with the same bytes and those
    ///   that follow if the command is incomplete.
    /// - Returns: The command, whose words may be none; nil if it is incomplete.
    func next(_ bytes: Bytes) throws(ProtocolError) -> Arguments? {
        guard let first = bytes.first else { return nil }
        if missing == nil {
            if first != UInt8(ascii: "*") { return try nextLine(bytes) }
            words.removeAll()
        }
        guard try readArray(bytes), let memory = bytes.baseAddress else { return nil }
        consumed = cursor
        cursor = 0
        missing = nil
        return words.arguments(in: memory)
    }

    private func nextLine(_ bytes: Bytes) throws(ProtocolError) -> Arguments? {
        guard let arguments = try line.next(bytes) else { return nil }
        consumed = line.consumed
        return arguments
    }

    /// - Returns: Whether the command is complete.
    private func readArray(_ bytes: Bytes) throws(ProtocolError) -> Bool {
        if missing == nil {
            guard let count = try readNumber(bytes, .wordCount) else { return false }
            guard count <= Limits.words else { throw .wordCount }
            missing = max(0, count)
        }
        while let left = missing, left > 0 {
            guard try readWord(bytes) else { return false }
            missing = left - 1
        }
        return true
    }

    private func readWord(_ bytes: Bytes) throws(ProtocolError) -> Bool {
        if wordLength == nil {
            guard cursor < bytes.count else { return false }
            guard bytes[cursor] == UInt8(ascii: "$") else { throw .noWord(bytes[cursor]) }
            guard let length = try readNumber(bytes, .wordLength) else { return false }
            guard 0...Limits.word ~= length else { throw .wordLength }
            guard cursor + length <= Limits.command else { throw .commandLength }
            wordLength = length
        }
        guard let length = wordLength, bytes.count - cursor >= length + 2 else { return false }
        let end = cursor + length
        guard bytes[end] == 0x0D, bytes[end + 1] == 0x0A else { throw .wordEnd }
        words.append(Arguments.Word(start: cursor, count: length))
        cursor = end + 2
        wordLength = nil
        return true
    }

    /// Reads the number of a line such as `*3` or `$11`.
    ///
    /// - Returns: The number; nil if the line is incomplete.
    private func readNumber(_ bytes: Bytes, _ error: @autoclosure () -> ProtocolError) throws(ProtocolError) -> Int? {
        let start = cursor + 1
        var end = start
        while end < bytes.count, bytes[end] != 0x0D {
            guard end - start < Decimal.longest else { throw error() }
            end += 1
        }
        // Digits are checked as they arrive, so that the result does not depend on how the bytes were split.
        let digits = Bytes(rebasing: bytes[start..<end])
        guard end + 1 < bytes.count else {
            if digits.couldBeginNumber { return nil }
            throw error()
        }
        guard bytes[end + 1] == 0x0A, let number = digits.integer else { throw error() }
        cursor = end + 2
        return number
    }
}

extension UnsafeRawBufferPointer {
    /// Whether further digits may follow.
    fileprivate var couldBeginNumber: Bool {
        allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || $0 == UInt8(ascii: "-") }
    }
}
