/// The methods that at least one route accepts.
enum Method {
    case get
    case head
    case post
    case other
}

/// What follows on the connection after an answer, and how the client is informed.
enum Persistence {
    /// The default of HTTP/1.1, which needs no header field.
    case staysOpen
    /// With a header field, for clients of HTTP/1.0 that asked for it.
    case saysKeepAlive
    case closes
}

/// Why a request is refused; its connection is closed after the answer.
enum Rejection: Error {
    case malformed
    case wrongVersion
    case headTooLarge
    case bodyTooLarge
    case unknownExpectation
    case unknownCoding
}

/// Receives the requests of one connection, in order.
protocol RequestReceiver: AnyObject {
    /// The client waits for permission to send the body.
    func bodyAwaited()
    /// A whole request has arrived; the spans are valid until the call returns.
    ///
    /// - Returns: Whether the connection takes another request.
    func requestReceived(_ method: Method, target: RawSpan, body: RawSpan, _ persistence: Persistence) -> Bool
}
