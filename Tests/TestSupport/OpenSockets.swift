internal import Glibc
internal import Kernel

/// The descriptors that a test could leave behind.
///
/// Event and timer descriptors are left out: Dispatch opens its own at will.
package enum OpenSockets {
    /// What is open now, each by the kernel's own number for it, which is not used again soon: a test can then tell its
    /// own from those of tests that run beside it.
    package static func open() -> Set<String> {
        Set(targets().filter { $0.hasPrefix("socket:") || $0.hasPrefix("pipe:") })
    }

    /// What came since and does not go: other suites of the process open and close theirs meanwhile.
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
