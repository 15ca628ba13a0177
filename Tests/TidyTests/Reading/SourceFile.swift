/// A file with its path below the package root.
struct SourceFile {
    let path: String
    let text: String
    /// The text without comments and without the contents of string literals, with the same lines.
    let code: String

    init(_ path: String, _ text: String) {
        self.path = path
        self.text = text
        code = path.hasSuffix(".swift") ? codeOnly(text) : text
    }

    /// The lines of the file; line 1 has index 0.
    var lines: [Substring] { linesOf(text) }
    /// The lines of ``code``.
    var codeLines: [Substring] { linesOf(code) }
    /// The module of a file in `Sources/<module>/…`; nil for other files.
    var module: String? {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" ? String(parts[1]) : nil
    }
    /// The folder of the file's target, such as `Sources/Kernel`, `Tests/KernelTests` or `Examples/Sources/Chat`.
    ///
    /// Of files that belong to no target, such as manifests, the folder that contains them.
    var target: String {
        let folders = path.split(separator: "/").dropLast()
        guard let start = folders.firstIndex(where: { $0 == "Sources" || $0 == "Tests" }) else {
            return folders.joined(separator: "/")
        }
        return folders[...min(start + 1, folders.endIndex - 1)].joined(separator: "/")
    }
    var isSwift: Bool { path.hasSuffix(".swift") }
    var name: String { String(path.split(separator: "/").last ?? "") }
}

private func linesOf(_ text: String) -> [Substring] {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    return lines
}
