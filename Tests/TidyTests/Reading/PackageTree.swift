import Foundation

/// The package on disk.
struct PackageTree {
    /// Directories that may contain Swift files of the package, besides the manifest.
    static let swiftDirectories = ["Sources", "Tests", "Examples", "Benchmarks"]
    /// The extensions of text files.
    private static let textEndings = [
        ".swift", ".c", ".h", ".py", ".sh", ".md", ".json", ".yml", ".yaml", ".modulemap", ".txt", ".tsv", ".csv",
    ]
    /// Text files without such an extension.
    private static let textNames: Set = [
        "Makefile", "LICENSE", ".swift-format", ".gitignore", ".editorconfig", ".ci/run",
        "scripts/install-dependencies",
        "scripts/public-api", "scripts/run-tests",
    ]

    /// Third-party code, copied unchanged.
    private static let vendored = "Examples/Sources/CLLHTTP/"

    let root: URL

    /// The package that contains this file: the nearest directory above it whose manifest names the package.
    static func current(above file: String = #filePath) throws -> PackageTree {
        var directory = URL(fileURLWithPath: file).resolvingSymlinksInPath().deletingLastPathComponent()
        while directory.path != "/" {
            let manifest = directory.appendingPathComponent("Package.swift")
            if let text = try? String(contentsOf: manifest, encoding: .utf8), text.contains("name: \"swift-proactor\"")
            {
                return PackageTree(root: directory)
            }
            directory.deleteLastPathComponent()
        }
        throw Missing(file: file)
    }

    struct Missing: Error, CustomStringConvertible {
        let file: String
        var description: String { "No manifest of swift-proactor lies above \(file)." }
    }

    /// The paths of all files that Git tracks or would track; without Git, of all files except build products.
    func paths() throws -> [String] {
        if let listed = git("ls-files", "--cached", "--others", "--exclude-standard") {
            return listed.filter { FileManager.default.fileExists(atPath: root.appendingPathComponent($0).path) }
        }
        guard let walk = FileManager.default.enumerator(atPath: root.path) else { return [] }
        return walk.compactMap { $0 as? String }.filter { path in
            var isDirectory: ObjCBool = false
            let isHidden = path.split(separator: "/").contains { $0.hasPrefix(".build") || $0 == ".git" }
            let exists = FileManager.default.fileExists(
                atPath: root.appendingPathComponent(path).path, isDirectory: &isDirectory)
            return exists && !isDirectory.boolValue && !isHidden
        }.sorted()
    }

    /// The paths that Git tracks; nil if this is not a checkout.
    func trackedPaths() -> [String]? {
        git("ls-files")
    }

    func file(_ path: String) throws -> SourceFile {
        SourceFile(path, try String(contentsOf: root.appendingPathComponent(path), encoding: .utf8))
    }

    /// The Swift files below a directory, or the single file with that name.
    func swiftFiles(in directories: [String] = ["Sources"]) throws -> [SourceFile] {
        try paths().filter { path in
            path.hasSuffix(".swift") && directories.contains { path == $0 || path.hasPrefix($0 + "/") }
        }.map(file)
    }

    func textFiles() throws -> [SourceFile] {
        try paths().filter { path in
            let name = String(path.split(separator: "/").last ?? "")
            if path.hasPrefix(Self.vendored) { return false }
            return Self.textEndings.contains(where: path.hasSuffix) || Self.textNames.contains(name)
                || Self.textNames.contains(path)
        }.map(file)
    }

    /// The output lines of a Git command; nil if it fails or the package is not the root of a checkout.
    private func git(_ arguments: String...) -> [String]? {
        guard FileManager.default.fileExists(atPath: root.appendingPathComponent(".git").path) else { return nil }
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments =
            ["git", "-C", root.path, "-c", "safe.directory=*", "-c", "core.quotePath=false"] + arguments
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let bytes = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
