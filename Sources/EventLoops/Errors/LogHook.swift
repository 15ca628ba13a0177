internal import Glibc
internal import Kernel

/// The severity of a log line.
public enum LogLevel: Int, Sendable, Comparable, CustomStringConvertible {
    /// Details for debugging.
    case debug
    /// Information, such as the backend that was chosen.
    case info
    /// A problem that has done no harm yet: an unclosed loop, a slow callback.
    case warning
    /// An error that no caller receives.
    case error

    /// The level's name.
    public var description: String {
        switch self {
        case .debug: "debug"
        case .info: "info"
        case .warning: "warning"
        case .error: "error"
        }
    }

    /// Orders levels by severity.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Sets the receiver of the library's log lines, for the whole process; initially they go to standard error.
///
/// - Parameter hook: Called with level and text on the thread that logs; must not block. Nil restores standard error.
/// - Thread: Any.
///
/// asyncio: the logger `asyncio`.
public func setLogHook(_ hook: (@Sendable (LogLevel, String) -> Void)?) {
    Log.hook.value = hook
}

/// The library's log.
package enum Log {
    fileprivate static let hook = Locked<(@Sendable (LogLevel, String) -> Void)?>(nil)

    package static func write(_ level: LogLevel, _ text: String) {
        if let hook = hook.value { hook(level, text) } else { writeToStandardError("proactor: \(text)\n") }
    }

    private static func writeToStandardError(_ text: String) {
        var line = text
        line.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
        }
    }
}
