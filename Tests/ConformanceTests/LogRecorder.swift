import EventLoops
import Synchronization

/// The lines of the library's log that are about one thing, until it is stopped.
final class LogRecorder: Sendable {
    private let taken = Mutex<[(level: LogLevel, text: String)]>([])

    /// - Parameter subject: What a line must contain; others are not this test's.
    init(about subject: String) {
        setLogHook { [weak self] level, text in
            guard text.contains(subject) else { return }
            self?.taken.withLock { $0.append((level, text)) }
        }
    }

    var lines: [(level: LogLevel, text: String)] {
        taken.withLock { $0 }
    }

    func stop() {
        setLogHook(nil)
    }
}
