#if Logging
    public import EventLoops
    public import Logging

    /// Sends the library's own lines to a logger, for the whole process; at first they go to standard error.
    ///
    ///     import Logging
    ///     import Proactor
    ///     import ProactorLogging
    ///
    ///     setLogHook(Logger(label: "proactor"))
    ///
    /// - Parameter logger: Which lines it keeps is for its `logLevel` to say: most are of debug mode and of the level
    ///   `.debug`.
    /// - Thread: Any. asyncio: the logger `asyncio`.
    public func setLogHook(_ logger: Logger) {
        setLogHook { level, text in
            logger.log(level: Logger.Level(level), "\(text)", source: "proactor")
        }
    }

    extension Logger.Level {
        /// The level of a line of the library's own, as swift-log names it.
        ///
        /// - Parameter level: The library's name.
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
    /// Is there only if the package's trait is enabled.
    ///
    /// - Parameter logger: A swift-log logger.
    @available(
        *, unavailable,
        message: "enable the trait: .package(url: …, branch: …, traits: [\"Logging\"]), and clean what was built before"
    )
    public func setLogHook(_ logger: some Sendable) {}
#endif
