internal import Glibc
internal import Kernel

/// A directory for the sockets of one test.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() throws {
        // Not the directory in TMPDIR: the path of a Unix socket has at most 107 bytes.
        var template = Array("/tmp/proactor-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemCall.lastFailure }
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
    }

    /// The path of a file in the directory.
    package func file(_ name: String) -> String {
        "\(path)/\(name)"
    }

    /// The names of the files in the directory.
    package var names: [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Removes the directory and its files; a test calls this at its end, because a deinit could run too early.
    package func remove() {
        for name in names { unlink(file(name)) }
        rmdir(path)
    }
}
