import Logging
import Proactor
import ProactorLogging
import Synchronization
import Testing

@Suite(.serialized) struct LoggerHook {
    /// ERR-003.
    @Test func logger_getsUnhandledErrors() throws {
        let sink = Sink()
        setLogHook(sink.logger)
        defer { setLogHook(nil) }
        let loop = try newEventLoop(backend: "epoll")
        loop.defaultExceptionHandler(ExceptionContext(message: "It went wrong"))
        try loop.close()
        #expect(sink.lines == ["error proactor It went wrong"])
    }

    @Test func logger_getsWarnings_andDropsThoseBelowItsLevel() throws {
        let sink = Sink()
        setLogHook(sink.logger)
        defer { setLogHook(nil) }
        do { _ = try newEventLoop(backend: "poll") }
        #expect(sink.lines.count == 1)
        #expect(sink.lines.first?.hasPrefix("warning proactor unclosed event loop") == true)
        var deaf = sink.logger
        deaf.logLevel = .error
        setLogHook(deaf)
        do { _ = try newEventLoop(backend: "poll") }
        #expect(sink.lines.count == 1)
    }

    @Test func logLevels_haveTheNamesOfSwiftLog() {
        let levels: [LogLevel] = [.debug, .info, .warning, .error]
        #expect(levels.map { Logger.Level($0).rawValue } == levels.map(\.description))
    }
}

/// Records what a logger writes.
private final class Sink: Sendable {
    private let kept = Mutex<[String]>([])

    var lines: [String] {
        kept.withLock { $0 }
    }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(sink: self) }
        logger.logLevel = .debug
        return logger
    }

    func add(_ line: String) {
        kept.withLock { $0.append(line) }
    }
}

private struct Handler: LogHandler {
    let sink: Sink
    var metadata = Logger.Metadata()
    var logLevel = Logger.Level.debug

    init(sink: Sink) {
        self.sink = sink
    }

    func log(event: LogEvent) {
        sink.add("\(event.level) \(event.source) \(event.message)")
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }
}
