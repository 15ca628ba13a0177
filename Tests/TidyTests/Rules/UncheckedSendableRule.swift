/// Each file with `@unchecked Sendable`, which the compiler cannot check, is listed with the reason why it is safe.
enum UncheckedSendableRule {
    private static let list = "UncheckedSendableReasons.swift"

    static func findings(in files: [SourceFile], reasons: [String: String]) -> [Finding] {
        let uses = files.compactMap { file in line(in: file.code).map { (path: file.path, line: $0) } }
        let unlisted = uses.filter { reasons[$0.path, default: ""].isEmpty }.map { use in
            Finding(
                use.path, use.line,
                "@unchecked Sendable in a file without a reason: "
                    + "let the compiler check it (Mutex, Atomic, let), or list the file in \(list)")
        }
        let paths = Set(uses.map(\.path))
        let stale = reasons.keys.filter { !paths.contains($0) }.sorted().map { path in
            Finding(path, 1, "no longer contains @unchecked Sendable: remove it from the list in \(list)")
        }
        return unlisted + stale
    }

    /// The first line that contains it; the words may be separated by a space or a line break.
    private static func line(in code: String) -> Int? {
        let code = tokens(of: code)
        return code.indices.dropLast(2).first { index in
            code[index].text == "@" && code[index + 1].text == "unchecked" && code[index + 2].text == "Sendable"
        }.map { code[$0].line }
    }
}
