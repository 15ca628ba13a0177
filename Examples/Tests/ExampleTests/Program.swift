import Foundation

/// An example that runs as a process, with its output.
final class Program {
    private let process = Process()
    private let output: LineReader
    private let errors: LineReader

    /// Starts an example that was built beside these tests.
    convenience init(_ name: String, _ arguments: String...) throws {
        try self.init(name, arguments)
    }

    convenience init(_ name: String, _ arguments: [String]) throws {
        let directory = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        try self.init(command: directory.appendingPathComponent(name).path, arguments)
    }

    /// Starts a program of the system.
    init(command: String, _ arguments: [String]) throws {
        let outputPipe = Pipe()
        let errorPipe = Pipe()
        output = LineReader(outputPipe.fileHandleForReading)
        errors = LineReader(errorPipe.fileHandleForReading)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        // A shell ignores SIGINT in background jobs, and child processes inherit that.
        process.arguments = ["--default-signal=INT", command] + arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = outputPipe
        process.standardError = errorPipe
        try Self.withSignalsUnblocked { try process.run() }
    }

    /// Tests run on threads that block most signals, and a process inherits the mask of the thread that starts it.
    private static func withSignalsUnblocked(_ body: () throws -> Void) rethrows {
        var none = sigset_t()
        var before = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try body()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// The port that a server prints.
    func port() throws -> Int {
        let line = try line { $0.hasPrefix("listening on ") }
        let address = line.split(separator: " ")[2]
        let port = address.split(separator: ":").last.flatMap { Int($0) }
        guard let port else { throw Failure("no port in: \(line)") }
        return port
    }

    /// The next line that matches; the lines before it are dropped.
    func line(_ isWanted: (String) -> Bool = { _ in true }) throws -> String {
        while let line = try output.line() {
            if isWanted(line) { return line }
        }
        throw Failure("the program's output ended: \(try errors.rest())")
    }

    func signal(_ number: Int32) {
        kill(process.processIdentifier, number)
    }

    /// Waits for the program to exit, and returns its status, the rest of its output and its errors.
    func end() throws -> (status: Int32, output: String, errors: String) {
        let deadline = Date(timeIntervalSinceNow: LineReader.patience)
        while process.isRunning {
            guard Date() < deadline else { throw Failure("the program does not exit") }
            usleep(5000)
        }
        guard process.terminationReason == .exit else { throw Failure("signal \(process.terminationStatus) ended it") }
        return (process.terminationStatus, try output.rest(), try errors.rest())
    }
}
