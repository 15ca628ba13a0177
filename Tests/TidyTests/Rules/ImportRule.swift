/// Imports point down, as the table of rooms says.
enum ImportRule {
    static func findings(
        in file: SourceFile, rooms: [String: Set<String>] = Rooms.imports, system: Set<String> = Rooms.system
    ) -> [Finding] {
        guard let room = file.room else { return [] }
        guard let allowed = rooms[room] else {
            return [Finding(file.path, 1, "room \(room) is unknown: add it, and what it may import, to Rooms.swift")]
        }
        return declarations(in: file.code).filter { $0.kind == "import" }.compactMap { line in
            if allowed.contains(line.name) || system.contains(line.name) { return nil }
            if rooms[line.name] != nil {
                return Finding(
                    file.path, line.line,
                    "\(room) must not import \(line.name), which is not below it: "
                        + "declare a protocol here and let \(line.name) conform, or move the code")
            }
            return Finding(
                file.path, line.line,
                "\(line.name) is not imported in Sources: "
                    + "use \(system.sorted().joined(separator: ", ")) or the rooms below")
        }
    }

    /// The manifest's targets against the table: no target may depend on more than its room may import.
    static func findings(inManifest manifest: SourceFile, rooms: [String: Set<String>] = Rooms.imports) -> [Finding] {
        manifestTargets(manifest.text).flatMap { target -> [Finding] in
            guard let allowed = rooms[target.name] else {
                return [
                    Finding(manifest.path, target.line, "target \(target.name) is unknown: add its room to Rooms.swift")
                ]
            }
            return target.dependencies.filter { !allowed.contains($0) }.map { dependency in
                Finding(
                    manifest.path, target.line,
                    "target \(target.name) must not depend on \(dependency): take it out, or change Rooms.swift"
                )
            }
        }
    }
}

/// The library targets of a manifest: name, what they depend on, and the line they begin on.
func manifestTargets(_ text: String) -> [(name: String, dependencies: [String], line: Int)] {
    text.components(between: ".target(", and: "\n").compactMap { call in
        guard let name = call.text.components(between: "name: \"", and: "\"").first else { return nil }
        let list = call.text.components(between: "dependencies: [", and: "]").first?.text ?? ""
        let dependencies = list.split(separator: ",").map { $0.filter { $0.isLetter || $0.isNumber || $0 == "_" } }
        return (name.text, dependencies.filter { !$0.isEmpty }, call.line)
    }
}

extension String {
    /// The pieces that stand between two marks, each with the line it begins on.
    fileprivate func components(between open: String, and close: String) -> [(text: String, line: Int)] {
        var pieces: [(String, Int)] = []
        var rest = self[...]
        while let start = rest.firstRange(of: open) {
            let tail = rest[start.upperBound...]
            let end = tail.firstRange(of: close)?.lowerBound ?? tail.endIndex
            let line = self[..<start.lowerBound].count { $0 == "\n" } + 1
            pieces.append((String(tail[..<end]), line))
            rest = tail[end...]
        }
        return pieces
    }
}
