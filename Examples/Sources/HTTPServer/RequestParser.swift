import CHTTPParser

/// The methods that some route knows.
enum Method {
    case get
    case head
    case post
    case other
}

/// What is to follow on the connection after an answer, and how the client is told.
enum Persistence {
    /// HTTP/1.1's silent default.
    case staysOpen
    /// Said aloud, for clients of HTTP/1.0 that asked.
    case saysKeepAlive
    case closes
}

/// Why a request is not served and no further one is taken from its sender.
enum Rejection: Error {
    case malformed
    case wrongVersion
    case headTooLarge
    case lengthUntold
    case bodyTooLarge
    case unknownExpectation
}

/// Who is told of the requests in the order in which they came.
protocol RequestReceiver: AnyObject {
    /// The client waits to be told that it may send the body.
    func bodyAwaited()
    /// A whole request is here; what is lent is good for the time of the call.
    ///
    /// - Returns: Whether the connection takes another request.
    func requestReceived(_ method: Method, target: RawSpan, body: RawSpan, _ persistence: Persistence) -> Bool
}

/// Cuts the bytes of one connection into requests, in whatever pieces they come.
///
/// The C parser keeps its place between the pieces and reports fragments; this puts together what must be whole.
final class RequestParser {
    unowned var receiver: (any RequestReceiver)?
    /// Whether a part of a request has come.
    private(set) var isInsideRequest = false

    private let state: UnsafeMutablePointer<http_parser>
    private var target: [UInt8] = []
    private var body: [UInt8] = []
    private var fields = HeaderFields()
    private var rejection: Rejection?
    private var hasEnded = false
    /// A body that was larger gives its memory back.
    private static let bodyKept = 16 * 1024

    init() {
        state = .allocate(capacity: 1)
        http_parser_init(state, HTTP_REQUEST)
        state.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        state.deallocate()
    }

    /// Reads on; after an error, or after the receiver has refused more requests, nothing is read any more.
    func parse(_ bytes: RawSpan) throws(Rejection) {
        guard !hasEnded else { return }
        bytes.withUnsafeBytes { bytes in
            let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            _ = http_parser_execute(state, ParserCallbacks.table, start, bytes.count)
        }
        let error = http_errno(rawValue: state.pointee.http_errno)
        if hasEnded || error == HPE_OK { return }
        hasEnded = true
        throw rejection ?? (error == HPE_HEADER_OVERFLOW ? .headTooLarge : .malformed)
    }
}

// MARK: - Told by the C parser

extension RequestParser {
    func began() {
        isInsideRequest = true
        target.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: body.capacity <= Self.bodyKept)
        fields.reset()
    }

    func targetContinued(_ bytes: UnsafeRawBufferPointer) {
        target.append(contentsOf: bytes)
    }

    func nameContinued(_ bytes: UnsafeRawBufferPointer) {
        fields.nameContinued(bytes)
    }

    func valueContinued(_ bytes: UnsafeRawBufferPointer) {
        fields.valueContinued(bytes)
    }

    /// - Returns: Whether to go on with the body.
    func headEnded() -> Bool {
        // Nothing else is spoken here: offers to change the protocol are not taken up.
        state.pointee.upgrade = 0
        rejection = checkHead()
        guard rejection == nil else { return false }
        if fields.awaitsContinue, state.pointee.http_minor >= 1 { receiver?.bodyAwaited() }
        return true
    }

    private func checkHead() -> Rejection? {
        guard state.pointee.http_major == 1 else { return .wrongVersion }
        if fields.hasBlankInName { return .malformed }
        // RFC 9112, 3.2: a request of HTTP/1.1 names its host, once.
        guard state.pointee.http_minor == 0 ? fields.hostCount <= 1 : fields.hostCount == 1 else { return .malformed }
        // Debian builds the C parser without its strict checks: it takes any two bytes for the end of a chunk and skips
        // what it does not know up to the end of a line. A proxy that is stricter sees other requests than we see.
        // So no body is taken without Content-Length, as RFC 9112, 6.3, allows.
        if state.pointee.uses_transfer_encoding != 0 { return .lengthUntold }
        // All ones where no length was sent, so that there is no body.
        let length = state.pointee.content_length
        if length != .max, length > Options.bodyLimit { return .bodyTooLarge }
        return fields.hasUnknownExpectation ? .unknownExpectation : nil
    }

    func bodyContinued(_ bytes: UnsafeRawBufferPointer) {
        body.append(contentsOf: bytes)
    }

    /// - Returns: Whether to go on with the next request.
    func ended() -> Bool {
        isInsideRequest = false
        let takesMore =
            receiver?.requestReceived(method, target: target.span.bytes, body: body.span.bytes, persistence) ?? false
        hasEnded = !takesMore
        return takesMore
    }

    private var persistence: Persistence {
        guard http_should_keep_alive(state) != 0 else { return .closes }
        return state.pointee.http_minor == 0 ? .saysKeepAlive : .staysOpen
    }

    private var method: Method {
        switch http_method(rawValue: state.pointee.method) {
        case HTTP_GET: .get
        case HTTP_HEAD: .head
        case HTTP_POST: .post
        default: .other
        }
    }
}
