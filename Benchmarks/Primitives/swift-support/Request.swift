// What every program of primitives in Swift does around its cases.

@preconcurrency import Glibc

/// The operations that a turn of the loop has, in cases that work in batches.
package let batchSize = 1000

/// What the command line asks for.
package struct Request {
    package let name: String
    package let count: Int
    package let repetitions: Int
    /// What comes before the case, such as the kind of loop.
    package let options: [String]

    /// Reads the command line; ends the program with its usage if something is missing or no number.
    package init(options names: [String] = []) {
        let arguments = Array(CommandLine.arguments.dropFirst())
        guard arguments.count == names.count + 3, let count = Int(arguments[names.count + 1]), count > 0,
            let repetitions = Int(arguments[names.count + 2]), repetitions > 0
        else {
            fail("usage: \(CommandLine.arguments[0]) \((names + ["CASE COUNT REPETITIONS"]).joined(separator: " "))")
        }
        options = Array(arguments.prefix(names.count))
        name = arguments[names.count]
        self.count = count
        self.repetitions = repetitions
    }

    /// Runs the case once to warm up, then as often as was asked, and prints the median of nanoseconds an operation.
    ///
    /// - Parameter cases: Each does so many operations and returns how many nanoseconds they took.
    package func measure(_ cases: KeyValuePairs<String, (Int) throws -> Int64>) throws {
        guard let run = cases.first(where: { $0.key == name })?.value else {
            fail("no case \(name); there are \(cases.map(\.key).joined(separator: " "))")
        }
        _ = try run(count)
        let found = try (0..<repetitions).map { _ in Double(try run(count)) / Double(count) }.sorted()
        print(found[repetitions / 2])
    }
}

/// Ends the program with a sentence on standard error.
package func fail(_ message: String) -> Never {
    fputs(message + "\n", stderr)
    exit(2)
}

/// The clock of all measurements, in nanoseconds.
package func nanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}
