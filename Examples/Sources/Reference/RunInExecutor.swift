import Glibc
import Proactor

/// The example of `run_in_executor`: work that would block the loop runs on threads.
func runInExecutor() throws {
    try run { loop in
        // 1. On the loop's default executor.
        let bytes = try await loop.runInExecutor { try readRandomBytes() }.value
        print("default thread pool", bytes.count)

        // 2. On a custom executor; both at once, while the loop keeps running.
        let pool = ThreadPoolExecutor(maxWorkers: 2)
        async let random = loop.runInExecutor(pool) { try readRandomBytes() }.value
        async let sum = loop.runInExecutor(pool) { sumOfSquares(below: 1_000_000) }.value
        print("custom thread pool", try await random.count, try await sum)
        try await loop.runInExecutor { pool.shutdown(wait: true) }.value
    }
}

/// File operations, such as reading, can block.
private func readRandomBytes() throws -> [UInt8] {
    let file = open("/dev/urandom", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw Errno(rawValue: errno) }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: 100)
    let count = read(file, &bytes, bytes.count)
    guard count >= 0 else { throw Errno(rawValue: errno) }
    return Array(bytes.prefix(count))
}

/// Computations block a loop, too.
private func sumOfSquares(below bound: Int) -> Int {
    (0..<bound).reduce(0) { $0 + $1 * $1 }
}
