/// A declaration, as far as it can be recognised in text.
struct Declaration {
    /// `import`, `struct`, `func`, `case` and so on.
    let kind: String
    let name: String
    /// `public`, `final`, `private(set)` and so on.
    let modifiers: [String]
    /// The line of its first attribute, modifier or keyword.
    let firstLine: Int
    /// The line of its keyword.
    let line: Int
    /// The last line of its body, or the line of its keyword if it has none.
    var lastLine: Int
    /// How many braces are open around it.
    let depth: Int
    /// The type that directly contains it, as an index into the same list.
    let parent: Int?

    var isType: Bool { ["struct", "class", "enum", "actor", "protocol"].contains(kind) }
    var isPublic: Bool { modifiers.contains { $0 == "public" || $0 == "open" } }
    var isPrivate: Bool { modifiers.contains { $0 == "private" || $0 == "fileprivate" } }
}

/// The declarations in the result of ``codeOnly(_:)``, in order.
func declarations(in code: String) -> [Declaration] {
    var reader = DeclarationReader(tokens: tokens(of: code))
    return reader.read()
}

private struct DeclarationReader {
    private static let kinds: Set = [
        "import", "struct", "class", "enum", "actor", "protocol", "extension", "func", "var", "let", "init", "deinit",
        "subscript", "typealias", "associatedtype", "case", "operator", "macro",
    ]
    private static let modifiers: Set = [
        "public", "open", "package", "internal", "private", "fileprivate", "final", "static", "override", "required",
        "convenience", "mutating", "nonmutating", "consuming", "borrowing", "nonisolated", "isolated", "indirect",
        "lazy",
        "weak", "unowned", "dynamic", "optional", "prefix", "postfix", "infix", "distributed", "unsafe", "safe",
    ]

    let tokens: [Token]
    private var at = 0
    private var found: [Declaration] = []
    /// For each open brace, the declaration whose body it opened.
    private var braces: [Int?] = []
    /// The declaration whose body the next brace opens.
    private var pending: Int?
    /// The number of parentheses opened since the last open brace: no declaration starts inside them.
    private var parentheses = 0
    /// For each open brace, the value of ``parentheses`` outside.
    private var outerParentheses: [Int] = []

    init(tokens: [Token]) {
        self.tokens = tokens
    }

    mutating func read() -> [Declaration] {
        while at < tokens.count {
            if tokens[at].isFirstOnLine, parentheses == 0, declaration() { continue }
            switch tokens[at].text {
            case "(", "[": parentheses += 1
            case ")", "]": parentheses = max(0, parentheses - 1)
            case "{": openBrace()
            case "}": closeBrace()
            default: break
            }
            at += 1
        }
        return found
    }

    private mutating func openBrace() {
        braces.append(pending)
        pending = nil
        outerParentheses.append(parentheses)
        parentheses = 0
    }

    private mutating func closeBrace() {
        parentheses = outerParentheses.popLast() ?? 0
        if let opened = braces.popLast() ?? nil { found[opened].lastLine = tokens[at].line }
    }

    /// Reads attributes, modifiers and a keyword.
    ///
    /// Returns false and consumes nothing if there is something else.
    private mutating func declaration() -> Bool {
        let start = at
        var cursor = at
        while cursor < tokens.count, tokens[cursor].text == "@" {
            cursor += 2
            while text(cursor) == ".", cursor + 1 < tokens.count { cursor += 2 }
            cursor = behindParentheses(cursor)
        }
        var modifiers: [String] = []
        while cursor < tokens.count {
            let word = tokens[cursor].text
            let isModifier =
                Self.modifiers.contains(word) || (word == "class" && Self.kinds.contains(text(cursor + 1) ?? ""))
            guard isModifier else { break }
            let end = behindParentheses(cursor + 1)
            modifiers.append(tokens[cursor..<end].map(\.text).joined())
            cursor = end
        }
        guard let kind = text(cursor), Self.kinds.contains(kind) else { return false }
        if kind == "actor", !(cursor + 1 < tokens.count && tokens[cursor + 1].isTypeName) { return false }
        let parent = braces.last ?? nil
        found.append(
            Declaration(
                kind: kind, name: name(after: cursor), modifiers: modifiers, firstLine: tokens[start].line,
                line: tokens[cursor].line, lastLine: tokens[cursor].line, depth: braces.count,
                parent: parent.flatMap { found[$0].isType || found[$0].kind == "extension" ? $0 : nil }))
        pending = kind == "import" || kind == "case" ? nil : found.count - 1
        at = cursor + 1
        return true
    }

    /// The word after the keyword; the signs of an operator; the first component of an imported module's path.
    private func name(after keyword: Int) -> String {
        var cursor = keyword + 1
        if tokens[keyword].text == "import" {
            let kinds: Set = ["struct", "class", "enum", "protocol", "typealias", "func", "let", "var", "actor"]
            if kinds.contains(text(cursor) ?? "") { cursor += 1 }
            return text(cursor) ?? ""
        }
        if ["init", "deinit", "subscript"].contains(tokens[keyword].text) { return tokens[keyword].text }
        guard cursor < tokens.count else { return "" }
        if tokens[cursor].isWord { return tokens[cursor].text }
        var signs = ""
        while let sign = text(cursor), sign != "(", !tokens[cursor].isWord {
            signs += sign
            cursor += 1
        }
        return signs
    }

    private func text(_ index: Int) -> String? {
        index < tokens.count ? tokens[index].text : nil
    }

    private func behindParentheses(_ start: Int) -> Int {
        guard text(start) == "(" else { return min(start, tokens.count) }
        var (cursor, depth) = (start, 0)
        while cursor < tokens.count {
            if tokens[cursor].text == "(" { depth += 1 }
            if tokens[cursor].text == ")" { depth -= 1 }
            cursor += 1
            if depth == 0 { break }
        }
        return cursor
    }
}
