/// Imports point down, as listed in ``Modules``.
enum ImportRule {
    /// - Parameter module: The module of a file outside `Sources`.
    static func findings(
        in file: SourceFile, module: String? = nil, modules: [String: Set<String>] = Modules.imports,
        system: Set<String> = Modules.system
    ) -> [Finding] {
        guard let module = module ?? file.module else { return [] }
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
                "\(line.name) is not imported in \(module): "
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
///
/// A target whose text is not understood has an empty name, which no module has.
func manifestTargets(_ text: String) -> [(name: String, dependencies: [String], line: Int)] {
    text.calls(of: ".target").map { call in
        let name = call.text.between("name: \"", and: "\"") ?? ""
        let list = call.text.between("dependencies: [", and: "]") ?? ""
        let dependencies = list.split(separator: ",").map { $0.filter { $0.isLetter || $0.isNumber || $0 == "_" } }
        return (String(name), dependencies.filter { !$0.isEmpty }, call.line)
    }
}

extension String {
    /// The arguments of each call of a function, up to its closing parenthesis, with the first line of the call.
    fileprivate func calls(of name: String) -> [(text: Substring, line: Int)] {
        var calls: [(Substring, Int)] = []
        var rest = self[...]
        while let start = rest.firstRange(of: name + "(") {
            let line = self[..<start.lowerBound].count { $0 == "\n" } + 1
            rest = rest[start.upperBound...]
            let arguments = rest.upToClosingParenthesis()
            calls.append((arguments, line))
            rest = rest[arguments.endIndex...]
        }
        return calls
    }
}

extension Substring {
    fileprivate func upToClosingParenthesis() -> Substring {
        var depth = 1
        return prefix { character in
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            return depth > 0
        }
    }

    /// The text between two marks; nil if the first does not occur.
    fileprivate func between(_ open: String, and close: String) -> Substring? {
        guard let start = firstRange(of: open) else { return nil }
        let tail = self[start.upperBound...]
        return tail[..<(tail.firstRange(of: close)?.lowerBound ?? tail.endIndex)]
    }
}
