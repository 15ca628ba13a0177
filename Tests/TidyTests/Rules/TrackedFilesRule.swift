/// Git tracks only files that were written by hand, and none that tools generate.
enum TrackedFilesRule {
    static func findings(in paths: [String]) -> [Finding] {
        paths.filter(isMade).map { path in
            Finding(path, 1, "a tool made this: `git rm --cached` it and name it in .gitignore")
        }
    }

    private static func isMade(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.contains { $0.hasPrefix(".build") || $0 == "__pycache__" } || parts.last == "Package.resolved"
            || path.hasSuffix(".o") || path.hasSuffix(".so")
    }
}
