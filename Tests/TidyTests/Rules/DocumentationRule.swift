/// Everything that users can name is documented: public declarations, requirements of public protocols, cases of public
/// enums.
enum DocumentationRule {
    /// Members whose meaning the standard library defines; these need a comment only if their body exceeds three lines.
    static let boilerplate: Set = ["==", "<", "hash", "description", "debugDescription", "encode"]
    private static let longestBoilerplate = 5

    static func findings(in file: SourceFile) -> [Finding] {
        let lines = file.lines
        let all = declarations(in: file.code)
        return all.filter { isForUsers($0, all) && !isExempt($0) && !isDocumented($0, lines) }.map { declaration in
            Finding(
                file.path, declaration.line,
                "\(declaration.kind) \(declaration.name) is public without a doc comment: "
                    + "say in one `///` line what it is or does")
        }
    }

    private static func isForUsers(_ declaration: Declaration, _ all: [Declaration]) -> Bool {
        if ["import", "extension", "deinit"].contains(declaration.kind) { return false }
        if declaration.isPublic { return true }
        guard let parent = declaration.parent.map({ all[$0] }), parent.isPublic else { return false }
        return parent.kind == "protocol" || (parent.kind == "enum" && declaration.kind == "case")
    }

    private static func isExempt(_ declaration: Declaration) -> Bool {
        boilerplate.contains(declaration.name)
            && declaration.lastLine - declaration.firstLine < longestBoilerplate
    }

    /// Whether a doc comment ends directly above; plain comments in between are allowed, such as a formatter's
    /// directive.
    private static func isDocumented(_ declaration: Declaration, _ lines: [Substring]) -> Bool {
        var above = declaration.firstLine - 2
        while above >= 0 {
            let line = lines[above].drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("///") { return true }
            if !line.hasPrefix("//") { return false }
            above -= 1
        }
        return false
    }
}
