/// Replaces comments and the contents of string literals with spaces, so that the rest can be searched for code.
///
/// Line numbers do not change. Interpolations are kept, because they are code. Regular-expression literals are not
/// supported.
func codeOnly(_ text: String) -> String {
    var masker = Masker(input: Array(text.utf8))
    masker.run()
    return String(decoding: masker.output, as: UTF8.self)
}

private enum Byte {
    static let newline = UInt8(ascii: "\n")
    static let quote = UInt8(ascii: "\"")
    static let slash = UInt8(ascii: "/")
    static let star = UInt8(ascii: "*")
    static let hash = UInt8(ascii: "#")
    static let backslash = UInt8(ascii: "\\")
    static let open = UInt8(ascii: "(")
    static let close = UInt8(ascii: ")")
    static let space = UInt8(ascii: " ")
}

private struct Masker {
    let input: [UInt8]
    var output: [UInt8] = []
    private var at = 0

    init(input: [UInt8]) {
        self.input = input
        output.reserveCapacity(input.count)
    }

    mutating func run() {
        code(untilParenthesis: false)
    }

    /// Copies code; inside an interpolation, up to the closing parenthesis.
    private mutating func code(untilParenthesis: Bool) {
        var depth = 0
        while at < input.count {
            let byte = input[at]
            if byte == Byte.slash, peek(1) == Byte.slash {
                while at < input.count, input[at] != Byte.newline { blank() }
            } else if byte == Byte.slash, peek(1) == Byte.star {
                blockComment()
            } else if let hashes = hashesBeforeQuote() {
                string(hashes: hashes)
            } else {
                if byte == Byte.open { depth += 1 }
                if byte == Byte.close { depth -= 1 }
                keep()
                if untilParenthesis, depth == 0, byte == Byte.close { return }
            }
        }
    }

    private mutating func blockComment() {
        var depth = 0
        repeat {
            if input[at] == Byte.slash, peek(1) == Byte.star {
                depth += 1
                blank(2)
            } else if input[at] == Byte.star, peek(1) == Byte.slash {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && at < input.count
    }

    private mutating func string(hashes: Int) {
        blank(hashes)
        let isMultiline = peek(1) == Byte.quote && peek(2) == Byte.quote
        let quotes = isMultiline ? 3 : 1
        blank(quotes)
        while at < input.count {
            if input[at] == Byte.backslash, areHashes(from: at + 1, count: hashes) {
                blank(1 + hashes)
                if at < input.count, input[at] == Byte.open {
                    code(untilParenthesis: true)
                } else {
                    blank()
                }
            } else if areQuotes(count: quotes), areHashes(from: at + quotes, count: hashes) {
                blank(quotes + hashes)
                return
            } else if !isMultiline, input[at] == Byte.newline {
                return
            } else {
                blank()
            }
        }
    }

    /// The number of `#` before the quote that opens a string here; nil if no string opens.
    private func hashesBeforeQuote() -> Int? {
        var end = at
        while end < input.count, input[end] == Byte.hash { end += 1 }
        return end < input.count && input[end] == Byte.quote ? end - at : nil
    }

    private func areHashes(from start: Int, count: Int) -> Bool {
        start + count <= input.count && input[start..<start + count].allSatisfy { $0 == Byte.hash }
    }

    private func areQuotes(count: Int) -> Bool {
        at + count <= input.count && input[at..<at + count].allSatisfy { $0 == Byte.quote }
    }

    private func peek(_ distance: Int) -> UInt8? {
        at + distance < input.count ? input[at + distance] : nil
    }

    private mutating func keep() {
        output.append(input[at])
        at += 1
    }

    private mutating func blank(_ count: Int = 1) {
        for _ in 0..<count where at < input.count {
            output.append(input[at] == Byte.newline ? Byte.newline : Byte.space)
            at += 1
        }
    }
}
