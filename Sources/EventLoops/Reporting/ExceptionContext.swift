/// Describes, for the exception handler, an error that no caller receives.
///
/// asyncio: the `context` dictionary of `call_exception_handler`.
public struct ExceptionContext: CustomStringConvertible {
    /// One sentence about what happened; may be empty.
    ///
    /// asyncio: `message`.
    public var message: String
    /// The error, if there is one.
    ///
    /// asyncio: `exception`.
    public var error: (any Error)?
    /// The future that the error belongs to.
    ///
    /// Nil for an error that was never retrieved: it is reported from the future's deinit.
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
    /// The protocol object that the error belongs to.
    ///
    /// asyncio: `protocol`.
    public var `protocol`: (any BaseProtocol)?
    /// The transport that encountered the error.
    ///
    /// asyncio: `transport`.
    public var transport: (any BaseTransport)?
    /// The descriptor of the socket that encountered the error.
    ///
    /// asyncio: `socket`.
    public var socket: Int32?
    /// Where the handle, future or task was made, if debug mode was on.
    ///
    /// asyncio: `source_traceback`.
    public var sourcePlace: SourcePlace?
    /// Where the running callback was scheduled, if ``sourcePlace`` is not known.
    ///
    /// asyncio: `handle_traceback`.
    public var handlePlace: SourcePlace?
    /// Further information, under keys of your choice.
    public var userInfo: [String: Any] = [:]
    /// A hint for the log on how to learn more.
    package var hint: String?
    private var original: [ExceptionContext] = []

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - message: One sentence about what happened.
    ///   - error: The error, if any.
    public init(message: String = "", error: (any Error)? = nil) {
        self.message = message
        self.error = error
    }

    /// The original context, if the exception handler itself failed.
    ///
    /// asyncio: `context`.
    public var context: ExceptionContext? {
        get { original.first }
        set { original = newValue.map { [$0] } ?? [] }
    }

    /// The message, the known properties in the order of their names, and the error, one per line.
    public var description: String {
        var lines = [message.isEmpty ? "Unhandled exception in event loop" : message]
        lines += known.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        if let error { lines.append("error: \(error)") }
        return lines.joined(separator: "\n  ")
    }

    /// Adds a hint on how to learn where the callback or future was made, if that was not recorded.
    mutating func hintAtPlace(isDebug: Bool) {
        if sourcePlace == nil, !isDebug { hint = "PROACTOR_DEBUG=1 shows where it was made" }
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
