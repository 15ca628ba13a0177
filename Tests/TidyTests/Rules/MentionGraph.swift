/// Which files of a module mention types of which other files, and by which names.
///
/// The analysis is textual: a file mentions a type that another file declares, not as private, at its top level.
/// Extensions declare nothing.
struct MentionGraph {
    let files: [SourceFile]
    /// What each file mentions: the index of the other file, and the types with their lines.
    private var mentions: [[Int: [String: Int]]]

    /// For each file, the files that it mentions.
    var arrows: [[Int]] { mentions.map { $0.keys.sorted() } }

    init(files: [SourceFile]) {
        self.files = files
        mentions = Array(repeating: [:], count: files.count)
        var homes: [String: Set<Int>] = [:]
        for (index, file) in files.enumerated() {
            for declaration in declarations(in: file.code) where declaration.isVisibleType {
                homes[declaration.name, default: []].insert(index)
            }
        }
        for (index, file) in files.enumerated() {
            for token in tokens(of: file.code) where token.isTypeName {
                guard let owners = homes[token.text], !owners.contains(index) else { continue }
                for owner in owners where mentions[index][owner]?[token.text] == nil {
                    mentions[index][owner, default: [:]][token.text] = token.line
                }
            }
        }
    }

    /// What one file mentions of another, as text; nil for nothing.
    func description(from: Int, to: Int) -> String? {
        guard let names = mentions[from][to] else { return nil }
        let list = names.sorted { $0.value < $1.value }.map { "\($0.key) (line \($0.value))" }
        return "\(files[from].name) -> \(files[to].name): \(list.joined(separator: ", "))"
    }
}

extension Declaration {
    fileprivate var isVisibleType: Bool {
        depth == 0 && (isType || kind == "typealias") && !isPrivate
    }
}
