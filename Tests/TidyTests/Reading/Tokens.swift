/// A word or a single sign of the code, with its line.
struct Token: Equatable {
    let text: String
    let line: Int
    /// Whether it is the first token of its line.
    let isFirstOnLine: Bool

    var isWord: Bool { text.utf8.first.map(isWordByte) ?? false }
    /// Whether it is capitalised, as the names of types are.
    var isTypeName: Bool { text.utf8.first.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) } ?? false }
}

/// Splits the result of ``codeOnly(_:)`` into words and signs.
///
/// A word in back quotes keeps them, because it is not a keyword.
func tokens(of code: String) -> [Token] {
    var found: [Token] = []
    let bytes = Array(code.utf8)
    var (at, line, lineIsEmpty) = (0, 1, true)
    while at < bytes.count {
        let start = at
        while at < bytes.count, isWordByte(bytes[at]) { at += 1 }
        if at == start { at += 1 }
        switch bytes[start] {
        case UInt8(ascii: "\n"):
            line += 1
            lineIsEmpty = true
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"):
            break
        default:
            let isQuoted = start > 0 && bytes[start - 1] == UInt8(ascii: "`") && isWordByte(bytes[start])
            let text = String(decoding: bytes[start..<at], as: UTF8.self)
            found.append(Token(text: isQuoted ? "`\(text)`" : text, line: line, isFirstOnLine: lineIsEmpty))
            lineIsEmpty = false
        }
    }
    return found.filter { $0.text != "`" }
}

private func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 128...:
        true
    default:
        false
    }
}
