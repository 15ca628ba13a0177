/// What is known about an error that nobody waited for, as it reaches the exception handler.
///
/// asyncio: the `context` dictionary of `call_exception_handler`.
public struct ExceptionContext: CustomStringConvertible {
    /// One sentence on what happened.
    public var message: String
    /// The error, where there is one.
    public var error: (any Error)?
    /// The future whose error was never looked at.
    public var future: AnyObject?
    /// The task that failed.
    public var task: AnyObject?
    /// The handle whose callback threw.
    public var handle: Handle?
    /// The protocol object that was being called.
    public var `protocol`: (any BaseProtocol)?
    /// The transport that met the error.
    public var transport: (any BaseTransport)?
    /// The descriptor of the socket that met the error.
    public var socket: Int32?

    /// Makes a context.
    ///
    /// - Parameters:
    ///   - message: One sentence on what happened.
    ///   - error: The error, if any.
    public init(message: String, error: (any Error)? = nil) {
        self.message = message
        self.error = error
    }

    /// The message, the error and the objects involved, one a line.
    public var description: String {
        var lines = [message]
        if let error { lines.append("error: \(error)") }
        if let handle { lines.append("handle: \(handle)") }
        if let future { lines.append("future: \(future)") }
        if let task { lines.append("task: \(task)") }
        if let `protocol` { lines.append("protocol: \(`protocol`)") }
        if let transport { lines.append("transport: \(transport)") }
        if let socket { lines.append("socket: \(socket)") }
        return lines.joined(separator: "\n  ")
    }
}
