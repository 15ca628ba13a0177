import EventLoops
import Glibc
import Kernel
import TestSupport

/// The seed of a random test: another one in each run, printed so that a failure can be repeated.
enum StressSeed {
    static func make(_ kind: LoopKind, _ test: StaticString = #function) -> UInt64 {
        let seed = fixed ?? UInt64.random(in: 0..<1_000_000_000)
        print("seed of \(test), \(kind): repeat with PROACTOR_TEST_SEED=\(seed)")
        return seed
    }

    private static let fixed = getenv("PROACTOR_TEST_SEED").flatMap { UInt64(String(cString: $0)) }
}

/// What this process may use and does use.
enum StressResources {
    /// The number of connections with both ends in this process, at most `wanted`; raises the limit on descriptors.
    ///
    /// For tests that run in a process of their own.
    static func connections(_ wanted: Int, _ kind: LoopKind) throws -> Int {
        let limit = try DescriptorLimit.current()
        let needed = UInt64(2 * wanted + spare)
        if limit.soft < needed { try DescriptorLimit.setSoft(min(needed, limit.hard)) }
        let allowed = Int(min(try DescriptorLimit.current().soft, 1 << 30))
        // select(2) takes no descriptor number from 1024 on.
        return min(wanted, ((kind == .select ? min(allowed, 1024) : allowed) - spare) / 2)
    }

    private static let spare = 100

    /// The resident memory of the process in bytes; nil under a sanitizer, which adds its own to each allocation.
    static var memory: Int? {
        if dlsym(nil, "__asan_init") != nil || dlsym(nil, "__tsan_init") != nil { return nil }
        guard let file = fopen("/proc/self/statm", "r") else { return nil }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 256)
        guard fgets(&text, 256, file) != nil else { return nil }
        let fields = String(decoding: text.map(UInt8.init), as: UTF8.self).split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(getpagesize()) } : nil
    }
    static var threads: Int {
        entries(of: "/proc/self/task").count
    }

    /// The rings and epoll descriptors of the process.
    static var loopDescriptors: Int {
        entries(of: "/proc/self/fd").count { name in
            let target = withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
                let length = readlink("/proc/self/fd/\(name)", buffer.baseAddress!, buffer.count)
                return String(decoding: buffer.prefix(max(0, length)), as: UTF8.self)
            }
            return target.contains("io_uring") || target.contains("eventpoll")
        }
    }

    private static func entries(of path: String) -> [String] {
        guard let directory = opendir(path) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names
    }
}

/// One direction of a connection under test.
///
/// Each flow sends a part of the pattern of its own, so that bytes of another connection are noticed, too.
final class StressFlow {
    let size: Int
    private let offset: Int
    private(set) var sent = 0
    private(set) var received = 0
    /// How many bytes had arrived before the first wrong ones.
    private(set) var firstWrong: Int?

    init(number: Int, size: Int) {
        self.size = size
        offset = number * 4099
    }

    /// The next bytes to send.
    func next(_ count: Int) -> [UInt8] {
        let bytes = Pattern.bytes(min(count, size - sent), at: offset + sent)
        sent += bytes.count
        return bytes
    }

    func take(_ bytes: UnsafeRawBufferPointer) {
        if firstWrong == nil, received + bytes.count > sent || !Pattern.matches(bytes, at: offset + received) {
            firstWrong = received
        }
        received += bytes.count
    }

    func take(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { take($0) }
    }

    var isComplete: Bool {
        sent == size && received == size && firstWrong == nil
    }

    var isPartlyRight: Bool {
        firstWrong == nil
    }
}
