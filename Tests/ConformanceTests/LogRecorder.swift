import EventLoops
import Kernel

/// Keeps the library's own lines, from whatever thread they come.
final class LogRecorder: Sendable {
    struct Line: Sendable {
        let level: LogLevel
        let text: String
    }

    private let taken = Locked<[Line]>([])

    var lines: [Line] {
        taken.value
    }

    func texts(_ level: LogLevel) -> [String] {
        lines.filter { $0.level == level }.map(\.text)
    }

    func forget() {
        taken.value = []
    }

    fileprivate func attach() {
        setLogHook { level, text in self.taken.update { $0.append(Line(level: level, text: text)) } }
    }
}

/// Gives code the lines that the library writes meanwhile.
func withLog<Result>(_ body: (LogRecorder) throws -> Result) rethrows -> Result {
    let log = LogRecorder()
    log.attach()
    defer { setLogHook(nil) }
    return try body(log)
}

/// As ``withLog(_:)``, for async code.
func withLogLater<Result>(_ body: (LogRecorder) async throws -> Result) async rethrows -> Result {
    let log = LogRecorder()
    log.attach()
    defer { setLogHook(nil) }
    return try await body(log)
}
