/// An answer that is made once and sent many times.
struct Response: Sendable {
    /// The status line and the header fields, without `Date` and `Connection`.
    let head: [UInt8]
    let body: [UInt8]

    init(_ status: String, type: String = "text/plain; charset=utf-8", fields: String = "", _ body: String) {
        self.body = Array(body.utf8)
        head = Array(
            "HTTP/1.1 \(status)\r\nContent-Type: \(type)\r\nContent-Length: \(self.body.count)\r\n\(fields)".utf8)
    }

    /// An error, whose text is its status.
    private init(error status: String, fields: String = "") {
        self.init(status, fields: fields, status + "\n")
    }
}

extension Response {
    static let hello = Response("200 OK", "Hello, world!\n")
    static let badRequest = Response(error: "400 Bad Request")
    static let notFound = Response(error: "404 Not Found")
    static let onlyGet = Response(error: "405 Method Not Allowed", fields: "Allow: GET, HEAD\r\n")
    static let onlyPost = Response(error: "405 Method Not Allowed", fields: "Allow: POST\r\n")
    static let requestTimeout = Response(error: "408 Request Timeout")
    static let contentTooLarge = Response(error: "413 Content Too Large")
    static let expectationFailed = Response(error: "417 Expectation Failed")
    static let headTooLarge = Response(error: "431 Request Header Fields Too Large")
    static let notImplemented = Response(error: "501 Not Implemented")
    static let versionNotSupported = Response(error: "505 HTTP Version Not Supported")

    /// The answer to a request that is refused.
    init(_ rejection: Rejection) {
        self =
            switch rejection {
            case .malformed: .badRequest
            case .wrongVersion: .versionNotSupported
            case .headTooLarge: .headTooLarge
            case .bodyTooLarge: .contentTooLarge
            case .unknownExpectation: .expectationFailed
            case .unknownCoding: .notImplemented
            }
    }
}
