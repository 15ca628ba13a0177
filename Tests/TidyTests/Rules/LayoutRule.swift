/// Lines of limited width, spaces instead of tabs, one newline at the end.
enum LayoutRule {
    static let columns = 120

    static func findings(in file: SourceFile) -> [Finding] {
        (file.isSwift ? widthAndTabs(file) : []) + ending(file)
    }

    private static func widthAndTabs(_ file: SourceFile) -> [Finding] {
        file.lines.enumerated().flatMap { index, line -> [Finding] in
            var found: [Finding] = []
            if line.utf8.count > columns, line.count > columns {
                found.append(
                    Finding(file.path, index + 1, "\(line.count) columns, \(columns) are allowed: break the line"))
            }
            if line.utf8.contains(UInt8(ascii: "\t")) {
                found.append(Finding(file.path, index + 1, "a tab: indent with four blanks, write \\t in a string"))
            }
            return found
        }
    }

    private static func ending(_ file: SourceFile) -> [Finding] {
        if file.text.isEmpty { return [] }
        if !file.text.hasSuffix("\n") {
            return [Finding(file.path, file.lines.count, "no newline at the end of the file: add one")]
        }
        if file.text == "\n" || file.text.hasSuffix("\n\n") {
            return [Finding(file.path, file.lines.count, "empty lines at the end of the file: delete them")]
        }
        return []
    }
}
