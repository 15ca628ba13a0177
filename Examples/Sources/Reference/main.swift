// The examples of asyncio's reference, one a file, in Swift:
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

// What is printed shall be seen when it is printed, also where it goes into a pipe.
setvbuf(stdout, nil, _IOLBF, 0)

do { try example() } catch {
    fputs("Reference: \(error)\n", stderr)
    exit(1)
}
