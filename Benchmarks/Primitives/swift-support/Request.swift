// Command line, repetition and output, shared by the Swift programs of primitives.

@preconcurrency import Glibc

/// Operations per turn of the loop, in cases that work in batches.
package let batchSize = 1000

/// The command line.
package struct Request {
    package let name: String
    package let count: Int
    package let repetitions: Int
    /// The arguments before the case, such as the kind of loop.
    package let options: [String]

    /// Reads the command line; prints the usage and exits if an argument is missing or is not a number.
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

    /// Runs the case once to warm up, then the requested number of times, and prints the median in ns per operation.
    ///
    /// - Parameter cases: Each does the given number of operations and returns the nanoseconds that they took.
    package func measure(_ cases: KeyValuePairs<String, (Int) throws -> Int64>) throws {
        guard let run = cases.first(where: { $0.key == name })?.value else {
            fail("unknown case \(name); choose from \(cases.map(\.key).joined(separator: " "))")
        }
        _ = try run(count)
        let found = try (0..<repetitions).map { _ in Double(try run(count)) / Double(count) }.sorted()
        print(found[repetitions / 2])
    }
}

/// Prints a message to standard error and ends the program.
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
