/// No ring of files within a room: a file that uses another's types is not used by it, directly or round a corner.
///
/// "Uses" is textual: it mentions a type that another file of the room declares at its top level and not as private.
/// Extensions declare nothing. Rings between rooms cannot be, because imports point down.
enum RingRule {
    static func findings(in files: [SourceFile]) -> [Finding] {
        Dictionary(grouping: files) { $0.room ?? "" }.sorted { $0.key < $1.key }.flatMap { room, files in
            let graph = MentionGraph(files: files)
            let rings = components(of: graph.arrows).filter { $0.count > 1 }
            return rings.map { graph.finding(ring: $0.sorted(), in: room) }
        }
    }
}

/// Who mentions whom among some files, and by which names.
private struct MentionGraph {
    private let files: [SourceFile]
    /// For each file what it mentions: the other file's index, and the types and lines.
    private var mentions: [[Int: [String: Int]]]

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

    func finding(ring: [Int], in room: String) -> Finding {
        var arrows: [String] = []
        for from in ring {
            for to in ring {
                guard let names = mentions[from][to] else { continue }
                let list = names.sorted { $0.value < $1.value }.map { "\($0.key) (line \($0.value))" }
                arrows.append("\(files[from].name) -> \(files[to].name): \(list.joined(separator: ", "))")
            }
        }
        return Finding(
            files[ring[0]].path, 1,
            "ring of \(ring.count) files in \(room): \(ring.map { files[$0].name }.joined(separator: ", ")). "
                + "Break one arrow, by a protocol that the lower file declares or by moving the shared part: "
                + arrows.joined(separator: "; "))
    }
}

extension Declaration {
    fileprivate var isVisibleType: Bool {
        depth == 0 && (isType || kind == "typealias") && !isPrivate
    }
}
