/// The folders of a module have no cyclic dependencies, so that they can be drawn as a stack.
///
/// A folder uses another if one of its files uses a type of that folder.
///
/// Files outside folders are ignored.
enum FolderRule {
    static func findings(in files: [SourceFile]) -> [Finding] {
        Dictionary(grouping: files.filter { $0.folder != nil }) { $0.module ?? "" }.sorted { $0.key < $1.key }
            .flatMap { module, files in findings(in: FolderGraph(files), of: module) }
    }

    private static func findings(in graph: FolderGraph, of module: String) -> [Finding] {
        components(of: graph.arrows).filter { $0.count > 1 }.map { ring in
            let ring = ring.sorted()
            let names = ring.map { graph.folders[$0] }.joined(separator: ", ")
            let arrows = ring.flatMap { from in ring.flatMap { graph.descriptions(from: from, to: $0) } }
            return Finding(
                "Sources/\(module)/\(graph.folders[ring[0]])", 1,
                "ring of \(ring.count) folders in \(module): \(names). Move a file to the folder of what it uses, or "
                    + "break the arrow by a protocol that the lower folder declares: \(arrows.joined(separator: "; "))")
        }
    }
}

/// Which folders of a module use which others, and through which files.
private struct FolderGraph {
    let folders: [String]
    private let graph: MentionGraph
    /// The files of each folder, as indices into the graph's.
    private let members: [[Int]]

    init(_ files: [SourceFile]) {
        graph = MentionGraph(files: files)
        let homes = files.map { $0.folder ?? "" }
        folders = Set(homes).sorted()
        members = folders.map { folder in homes.indices.filter { homes[$0] == folder } }
    }

    /// For each folder, the other folders that it uses.
    var arrows: [[Int]] {
        members.indices.map { from in
            let used = Set(members[from].flatMap { graph.arrows[$0] })
            return members.indices.filter { $0 != from && !used.isDisjoint(with: members[$0]) }
        }
    }

    func descriptions(from: Int, to: Int) -> [String] {
        guard from != to else { return [] }
        return members[from].flatMap { file in members[to].compactMap { graph.description(from: file, to: $0) } }
    }
}

extension SourceFile {
    /// The folder of a file in `Sources/<module>/<folder>/…`; nil for other files.
    fileprivate var folder: String? {
        let parts = path.split(separator: "/")
        return parts.count > 3 && parts[0] == "Sources" ? String(parts[2]) : nil
    }
}
