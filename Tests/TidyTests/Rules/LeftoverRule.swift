/// Finds unfinished code and debug output.
enum LeftoverRule {
    /// Concatenated, so that a search for the words does not find this file.
    static let words: Set = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]
    private static let stubs = ["unimplemented", "not implemented"].map { "fatalerror(\"" + $0 }

    static func findings(in file: SourceFile) -> [Finding] {
        unfinished(file) + printing(file)
    }

    private static func unfinished(_ file: SourceFile) -> [Finding] {
        file.lines.enumerated().flatMap { index, line -> [Finding] in
            var found = Set(tokens(of: String(line)).map(\.text)).intersection(words).sorted().map { word in
                Finding(
                    file.path, index + 1, "\(word) is left over: finish it, or say in a sentence why it is as it is")
            }
            let lowered = line.lowercased()
            if stubs.contains(where: lowered.contains) {
                found.append(Finding(file.path, index + 1, "a stub is left over: write it, or throw `.notSupported`"))
            }
            return found
        }
    }

    /// Calls of `print` and the like, but not `output.print(` or `func print(`.
    private static func printing(_ file: SourceFile) -> [Finding] {
        guard file.isSwift else { return [] }
        let code = tokens(of: file.code)
        return code.indices.compactMap { index in
            guard ["print", "debugPrint", "dump"].contains(code[index].text), index + 1 < code.count else { return nil }
            guard code[index + 1].text == "(" else { return nil }
            let before = index > 0 ? code[index - 1].text : ""
            if before == "func" || (before == "." && !(index > 1 && code[index - 2].text == "Swift")) { return nil }
            return Finding(
                file.path, code[index].line,
                "\(code[index].text)( is left over: a library does not write to its user's terminal; "
                    + "report to the exception handler or delete it")
        }
    }
}
