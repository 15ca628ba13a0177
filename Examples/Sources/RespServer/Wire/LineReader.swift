/// Reads a command that is a line of text, as typed in a terminal: words between blanks, with or without quotes.
final class LineReader {
    /// The bytes of the line that ``next(_:)`` has returned.
    private(set) var consumed = 0
    /// Bytes of an incomplete line that are known to contain no newline.
    private var searched = 0
    /// The words without their quotes, one after the other.
    private var text = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    private var length = 0
    private let words = WordList()

    deinit {
        text.deallocate()
    }

    /// Reads one line.
    ///
    /// - Returns: Its words, which may be none; nil if the line is incomplete.
    func next(_ bytes: Bytes) throws(ProtocolError) -> Arguments? {
        guard let end = bytes[searched...].firstIndex(of: 0x0A) else {
            guard bytes.count <= Limits.line else { throw .lineLength }
            searched = bytes.count
            return nil
        }
        guard end <= Limits.line else { throw .lineLength }
        searched = 0
        consumed = end + 1
        let line = Bytes(rebasing: bytes[..<(end > 0 && bytes[end - 1] == 0x0D ? end - 1 : end)])
        // Words are not longer than what they are written with.
        text.deallocate()
        text = .allocate(byteCount: max(1, line.count), alignment: 1)
        length = 0
        words.removeAll()
        var rest = line[...]
        while let word = try nextWord(&rest) { words.append(word) }
        return words.arguments(in: UnsafeRawPointer(text.baseAddress!))
    }

    private func nextWord(_ rest: inout Slice<Bytes>) throws(ProtocolError) -> Arguments.Word? {
        rest = rest.drop { $0.isBlank }
        guard !rest.isEmpty else { return nil }
        let start = length
        while let byte = rest.popFirst(), !byte.isBlank {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): try unquote(&rest, until: byte)
            default: append(byte)
            }
        }
        return Arguments.Word(start: start, count: length - start)
    }

    private func unquote(_ rest: inout Slice<Bytes>, until quote: UInt8) throws(ProtocolError) {
        while let byte = rest.popFirst() {
            if byte == quote {
                // Two words have a blank between them.
                guard rest.first?.isBlank != false else { throw .quotes }
                return
            }
            if byte == UInt8(ascii: "\\"), let escaped = rest.first {
                if quote == UInt8(ascii: "\"") {
                    append(unescape(&rest))
                    continue
                } else if escaped == quote {
                    rest.removeFirst()
                    append(quote)
                    continue
                }
            }
            append(byte)
        }
        throw .quotes
    }

    /// The byte that is written after a backslash: `\n`, `\x1f`, and the like.
    private func unescape(_ rest: inout Slice<Bytes>) -> UInt8 {
        let letter = rest.removeFirst()
        switch letter {
        case UInt8(ascii: "n"): return 0x0A
        case UInt8(ascii: "r"): return 0x0D
        case UInt8(ascii: "t"): return 0x09
        case UInt8(ascii: "b"): return 0x08
        case UInt8(ascii: "a"): return 0x07
        case UInt8(ascii: "x"):
            let digits = rest.prefix(2)
            guard digits.count == 2, let byte = UInt8(String(decoding: digits, as: UTF8.self), radix: 16),
                digits.first != UInt8(ascii: "+")
            else { return letter }
            rest.removeFirst(2)
            return byte
        default: return letter
        }
    }

    private func append(_ byte: UInt8) {
        text[length] = byte
        length += 1
    }
}

extension UInt8 {
    fileprivate var isBlank: Bool { self == 0x20 || 0x09...0x0D ~= self || self == 0 }
}
