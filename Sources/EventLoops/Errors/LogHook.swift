internal import Glibc
internal import Kernel

/// How much a line of the library's log matters.
public enum LogLevel: Int, Sendable, Comparable, CustomStringConvertible {
    /// For who looks for a fault of the library.
    case debug
    /// Good to know: for instance which backend was chosen.
    case info
    /// Something is wrong that does no harm yet: an unclosed loop, a slow callback.
    case warning
    /// An error that nobody waited for.
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

    /// By how much they matter.
    public static func < (left: LogLevel, right: LogLevel) -> Bool {
        left.rawValue < right.rawValue
    }
}

/// Sets who is given the library's own lines, for the whole process; at first they go to standard error.
///
/// - Parameter hook: Called with level and text, on whatever thread has something to say, and must not block; nil for
///   standard error.
/// - Thread: Any. asyncio: the logger `asyncio`.
public func setLogHook(_ hook: (@Sendable (LogLevel, String) -> Void)?) {
    Log.hook.value = hook
}

/// Where the library's own lines go.
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
