/// A file as the rules see it: a path below the package root and its text.
struct SourceFile {
    let path: String
    let text: String
    /// The text without comments and without the contents of string literals, line for line.
    let code: String

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? codeOnly(text) : text
    }

    /// The lines as they stand in the file; the first has number 1 for a reader and index 0 here.
    var lines: [Substring] { linesOf(text) }
    /// The lines of ``code``.
    var codeLines: [Substring] { linesOf(code) }
    /// `Sources/<room>/…` gives the room; nil for files elsewhere.
    var room: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var name: String { String(path.split(separator: "/").last ?? "") }
}

private func linesOf(_ text: String) -> [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    return lines
}
