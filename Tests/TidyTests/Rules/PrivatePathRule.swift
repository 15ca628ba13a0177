/// No file of the package contains a path that exists on one machine only.
enum PrivatePathRule {
    /// Concatenated, so that this file does not contain them either.
    static let prefixes = ["work", "farm", "home", "root"].map { "/" + $0 + "/" }

    static func findings(in file: SourceFile) -> [Finding] {
        file.lines.enumerated().flatMap { index, line in
            prefixes.filter { isNamed($0, in: line) }.map { prefix in
                Finding(
                    file.path, index + 1,
                    "\(prefix)… exists on one machine only: say it relative to the package or through a variable")
            }
        }
    }

    /// Whether the path begins here, and is not the inner part of another path or of an address.
    private static func isNamed(_ prefix: String, in line: Substring) -> Bool {
        var rest = line
        while let found = rest.firstRange(of: prefix) {
            let before = found.lowerBound > line.startIndex ? line[line.index(before: found.lowerBound)] : " "
            if !(before.isLetter || before.isNumber || "._-~})".contains(before)) { return true }
            rest = line[found.upperBound...]
        }
        return false
    }
}
