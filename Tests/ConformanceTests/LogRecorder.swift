import EventLoops
import Kernel

/// Records the lines that the library logs, on any thread, until it is stopped.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        let level: LogLevel
        let text: String
    }

    private let taken = Locked<[Line]>([])

    /// - Parameter subject: Text that a line must contain to be recorded; nil for all lines.
    init(about subject: String? = nil) {
        setLogHook { [taken] level, text in
            if let subject, !text.contains(subject) { return }
            taken.update { $0.append(Line(level: level, text: text)) }
        }
    }

    var lines: [Line] {
        taken.value
    }

    func texts(_ level: LogLevel) -> [String] {
        lines.filter { $0.level == level }.map(\.text)
    }

    func forget() {
        taken.value = []
    }

    func stop() {
        setLogHook(nil)
    }
}

/// Runs code with a recorder of the lines that the library logs meanwhile.
func withLog<Result>(_ body: (LogRecorder) throws -> Result) rethrows -> Result {
    let log = LogRecorder()
    defer { log.stop() }
    return try body(log)
}

/// Like ``withLog(_:)``, for async code.
func withLogLater<Result>(_ body: (LogRecorder) async throws -> Result) async rethrows -> Result {
    let log = LogRecorder()
    defer { log.stop() }
    return try await body(log)
}
