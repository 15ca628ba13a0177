/// Limits the length of files: a longer file has more than one subject.
enum SizeRule {
    static let limit = 400

    static func findings(in file: SourceFile) -> [Finding] {
        let count = file.lines.count
        guard count > limit else { return [] }
        return [
            Finding(file.path, limit + 1, "\(count) lines, \(limit) are allowed: give the second subject its own file")
        ]
    }
}
