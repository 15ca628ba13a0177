/// What is known about an error that nobody waited for, as it reaches the exception handler.
///
/// asyncio: the `context` dictionary of `call_exception_handler`.
public struct ExceptionContext: CustomStringConvertible {
    /// One sentence on what happened; empty where nobody said one.
    ///
    /// asyncio: `message`.
    public var message: String
    /// The error, where there is one.
    ///
    /// asyncio: `exception`.
    public var error: (any Error)?
    /// The future that is concerned.
    ///
    /// Not for an error at which nobody looked: that is told when the future is going.
    ///
    /// asyncio: `future`.
    public var future: AnyObject?
    /// The task that failed.
    ///
    /// asyncio: `task`.
    public var task: AnyObject?
    /// The handle whose callback threw.
    ///
    /// asyncio: `handle`.
    public var handle: Handle?
    /// The protocol object that is concerned.
    ///
    /// asyncio: `protocol`.
    public var `protocol`: (any BaseProtocol)?
    /// The transport that met the error.
    ///
    /// asyncio: `transport`.
    public var transport: (any BaseTransport)?
    /// The descriptor of the socket that met the error.
    ///
    /// asyncio: `socket`.
    public var socket: Int32?
    /// Where the handle, future or task was made, if that was in debug mode.
    ///
    /// asyncio: `source_traceback`.
    public var sourcePlace: SourcePlace?
    /// Where the callback in which this happened was scheduled, if ``sourcePlace`` is not known.
    ///
    /// asyncio: `handle_traceback`.
    public var handlePlace: SourcePlace?
    /// What else there is to say, by names of your own.
    public var userInfo: [String: Any] = [:]
    /// What to do to learn more, for the log.
    package var hint: String?
    private var original: [ExceptionContext] = []

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - message: One sentence on what happened.
    ///   - error: The error, if any.
    public init(message: String = "", error: (any Error)? = nil) {
        self.message = message
        self.error = error
    }

    /// What the exception handler was told when it failed itself.
    ///
    /// asyncio: `context`.
    public var context: ExceptionContext? {
        get { original.first }
        set { original = newValue.map { [$0] } ?? [] }
    }

    /// The message, what is known in the order of the names, and the error, one a line.
    public var description: String {
        var lines = [message.isEmpty ? "Unhandled exception in event loop" : message]
        lines += known.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        if let error { lines.append("error: \(error)") }
        return lines.joined(separator: "\n  ")
    }

    /// Says how to learn where the callback or future was made, if that was not noted.
    mutating func hintAtPlace(isDebug: Bool) {
        if sourcePlace == nil, !isDebug { hint = "PROACTOR_DEBUG=1 tells where it was made" }
    }

    private var known: [String: Any] {
        let own: [String: Any?] = [
            "context": context.map { "\($0)".split(separator: "\n").joined(separator: "\n  ") }, "future": future,
            "handle": handle, "handlePlace": handlePlace, "protocol": `protocol`, "socket": socket,
            "sourcePlace": sourcePlace, "task": task, "transport": transport,
        ]
        return userInfo.merging(own.compactMapValues { $0 }) { $1 }
    }
}
