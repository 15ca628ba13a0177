internal import Glibc

/// The names of the threads of this process, as the kernel shows them.
package enum ThreadNames {
    package static var current: String {
        name(in: "/proc/thread-self/comm") ?? ""
    }

    package static var all: [String] {
        guard let directory = opendir("/proc/self/task") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let id = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            // A thread may have ended since the directory was read.
            if let name = name(in: "/proc/self/task/\(id)/comm") { names.append(name) }
        }
        return names
    }

    private static func name(in path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = fread(&bytes, 1, bytes.count, file)
        // The name ends with a newline.
        return count > 0 ? String(decoding: bytes[..<(count - 1)], as: UTF8.self) : nil
    }
}
