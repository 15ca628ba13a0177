/// Imports point down, as listed in ``Modules``.
enum ImportRule {
    static func findings(
        in file: SourceFile, modules: [String: Set<String>] = Modules.imports, system: Set<String> = Modules.system
    ) -> [Finding] {
        guard let module = file.module else { return [] }
        guard let allowed = modules[module] else {
            return [
                Finding(file.path, 1, "module \(module) is unknown: add it, and what it may import, to Modules.swift")
            ]
        }
        return declarations(in: file.code).filter { $0.kind == "import" }.compactMap { line in
            if allowed.contains(line.name) || system.contains(line.name) { return nil }
            if modules[line.name] != nil {
                return Finding(
                    file.path, line.line,
                    "\(module) must not import \(line.name), which is not below it: "
                        + "declare a protocol here and let \(line.name) conform, or move the code")
            }
            return Finding(
                file.path, line.line,
                "\(line.name) is not imported in Sources: "
                    + "use \(system.sorted().joined(separator: ", ")) or the modules below")
        }
    }

    /// Checks the manifest's targets: no target may depend on more than its module may import.
    static func findings(inManifest manifest: SourceFile, modules: [String: Set<String>] = Modules.imports) -> [Finding]
    {
        manifestTargets(manifest.text).flatMap { target -> [Finding] in
            guard let allowed = modules[target.name] else {
                return [
                    Finding(
                        manifest.path, target.line, "target \(target.name) is unknown: add its module to Modules.swift")
                ]
            }
            return target.dependencies.filter { !allowed.contains($0) }.map { dependency in
                Finding(
                    manifest.path, target.line,
                    "target \(target.name) must not depend on \(dependency): take it out, or change Modules.swift"
                )
            }
        }
    }
}

/// The library targets of a manifest, with name, dependencies and first line.
func manifestTargets(_ text: String) -> [(name: String, dependencies: [String], line: Int)] {
    text.components(between: ".target(", and: "\n").compactMap { call in
        guard let name = call.text.components(between: "name: \"", and: "\"").first else { return nil }
        let list = call.text.components(between: "dependencies: [", and: "]").first?.text ?? ""
        let dependencies = list.split(separator: ",").map { $0.filter { $0.isLetter || $0.isNumber || $0 == "_" } }
        return (name.text, dependencies.filter { !$0.isEmpty }, call.line)
    }
}

extension String {
    /// The pieces of text between two marks, each with its first line.
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
