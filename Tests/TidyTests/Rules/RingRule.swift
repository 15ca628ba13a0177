/// The files of a target have no cyclic dependencies: a file that uses another's types is not used by it, directly or
/// indirectly.
///
/// Targets cannot have cycles, because imports point down.
enum RingRule {
    static func findings(in files: [SourceFile]) -> [Finding] {
        Dictionary(grouping: files, by: \.target).sorted { $0.key < $1.key }.flatMap { target, files in
            let graph = MentionGraph(files: files)
            let rings = components(of: graph.arrows).filter { $0.count > 1 }
            return rings.map { finding($0.sorted(), graph, in: target) }
        }
    }

    private static func finding(_ ring: [Int], _ graph: MentionGraph, in target: String) -> Finding {
        let arrows = ring.flatMap { from in ring.compactMap { graph.description(from: from, to: $0) } }
        return Finding(
            graph.files[ring[0]].path, 1,
            "ring of \(ring.count) files in \(target): \(ring.map { graph.files[$0].name }.joined(separator: ", ")). "
                + "Break one arrow, by a protocol that the lower file declares or by moving the shared part: "
                + arrows.joined(separator: "; "))
    }
}
