// The examples of asyncio's reference in Swift, one per file:
//
//     Reference hello
@preconcurrency import Glibc
import Proactor

let examples: [String: () throws -> Void] = [
    "hello": helloWorld,
    "date": displayDate,
    "watch": watchDescriptor,
    "future": setFutureLater,
    "executor": runInExecutor,
    "signals": handleSignals,
]

guard let name = CommandLine.arguments.dropFirst().first, let example = examples[name] else {
    fputs("usage: Reference \(examples.keys.sorted().joined(separator: " | "))\n", stderr)
    exit(2)
}

// Flush each line, because standard output may be a pipe.
setvbuf(stdout, nil, _IOLBF, 0)

do { try example() } catch {
    fputs("Reference: \(error)\n", stderr)
    exit(1)
}
