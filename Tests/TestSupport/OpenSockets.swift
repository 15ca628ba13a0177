internal import Glibc
internal import Kernel

/// The sockets and pipes of the process, which a test must not leak.
///
/// Event and timer descriptors do not count: Dispatch opens its own at any time.
package enum OpenSockets {
    /// The open sockets and pipes by inode.
    ///
    /// The kernel does not reuse an inode number soon, so a test can distinguish its own from those of concurrent
    /// tests.
    package static func open() -> Set<String> {
        Set(targets().filter { $0.hasPrefix("socket:") || $0.hasPrefix("pipe:") })
    }

    /// The sockets and pipes that were opened since and are not closed within the limit: other suites of the process
    /// open and close sockets meanwhile.
    package static func left(since before: Set<String>, within seconds: Int64 = 20) -> [String] {
        var left = open().subtracting(before)
        let deadline = MonotonicClock.now() + seconds * 1_000_000_000
        while !left.isEmpty, MonotonicClock.now() < deadline {
            usleep(20_000)
            left.formIntersection(open())
        }
        return left.sorted()
    }

    private static func targets() -> [String] {
        guard let directory = opendir("/proc/self/fd") else { return [] }
        defer { closedir(directory) }
        var targets: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            let target = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
                let length = readlink("/proc/self/fd/\(name)", buffer.baseAddress!, buffer.count)
                return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
            }
            targets.append(target)
        }
        return targets
    }
}
