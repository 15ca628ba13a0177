#if Logging
    public import EventLoops
    public import Logging

    /// Sends the library's log to a logger, for the whole process, instead of to standard error.
    ///
    ///     import Logging
    ///     import Proactor
    ///     import ProactorLogging
    ///
    ///     setLogHook(Logger(label: "proactor"))
    ///
    /// - Parameter logger: The logger, whose `logLevel` selects the lines; most lines come from debug mode and have the
    ///   level `.debug`.
    /// - Thread: Any.
    ///
    /// asyncio: the logger `asyncio`.
    public func setLogHook(_ logger: Logger) {
        setLogHook { level, text in
            logger.log(level: Logger.Level(level), "\(text)", source: "proactor")
        }
    }

    extension Logger.Level {
        /// Converts a log level of the library to one of swift-log.
        ///
        /// - Parameter level: The library's level.
        public init(_ level: LogLevel) {
            switch level {
            case .debug: self = .debug
            case .info: self = .info
            case .warning: self = .warning
            case .error: self = .error
            }
        }
    }
#else
    /// Available only with the package trait `Logging`.
    ///
    /// - Parameter logger: A swift-log logger.
    @available(
        *, unavailable,
        message: "enable the trait: .package(url: …, branch: …, traits: [\"Logging\"]), and delete the old build folder"
    )
    public func setLogHook(_ logger: some Sendable) {}
#endif
