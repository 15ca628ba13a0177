import CLLHTTP
import Glibc

/// Cuts the bytes of one connection into requests, however the bytes are split into reads.
///
/// The C parser (llhttp, strict) keeps its state between reads and reports fragments. This class puts the fragments
/// together, limits their sizes and refuses what the parser accepts but this server does not implement. It feeds the
/// parser one request at a time, so that the size of each is known exactly.
final class RequestParser {
    unowned var receiver: (any RequestReceiver)?
    /// Whether a part of a request has arrived.
    var isInsideRequest: Bool { phase != .between }

    private enum Phase {
        /// Before the first byte of a request.
        case between
        case head
        case sizedBody
        /// Chunks, and the trailer fields after the last of them.
        case chunkedBody
    }

    private let state: UnsafeMutablePointer<llhttp_t>
    private var phase = Phase.between
    /// The carriage return of an empty line has arrived, its newline has not.
    private var isInsideEmptyLine = false
    /// Bytes of the empty lines before the present request, which count as a part of its head.
    private var emptyLineBytes = 0
    /// Bytes of the present request that are not its body: the head, chunk sizes, trailer fields.
    private var overhead = 0
    private var target: [UInt8] = []
    private var protocolName: [UInt8] = []
    /// Where the protocol began, in bytes from the start of the request.
    private var protocolOffset = 0
    /// What the C parser is being fed.
    private var piece = UnsafeRawBufferPointer(start: nil, count: 0)
    private var body: [UInt8] = []
    private var fields = HeaderFields()
    private var rejection: Rejection?
    private var hasEnded = false
    /// The memory of a larger body is released.
    private static let bodyKept = 16 * 1024

    /// - Parameter callbacks: The C parser's functions, which call this class; never freed.
    init(callbacks: UnsafePointer<llhttp_settings_t>) {
        state = .allocate(capacity: 1)
        llhttp_init(state, HTTP_REQUEST, callbacks)
        state.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    deinit {
        state.deallocate()
    }

    /// Parses what arrived; after an error, or after the receiver has refused further requests, ignores it.
    func parse(_ bytes: RawSpan) throws(Rejection) {
        guard !hasEnded else { return }
        do throws(Rejection) {
            try bytes.withUnsafeBytes { bytes throws(Rejection) in try parse(bytes) }
        } catch {
            hasEnded = true
            throw error
        }
    }

    private func parse(_ bytes: UnsafeRawBufferPointer) throws(Rejection) {
        var rest = bytes[...]
        while !hasEnded {
            if phase == .between { try skipEmptyLines(&rest) }
            if rest.isEmpty { return }
            if phase == .between { begin() }
            let allowed = allowedBytes
            guard allowed > 0 else { throw phase == .head ? .headTooLarge : .bodyTooLarge }
            let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(allowed))
            rest = rest.dropFirst(try execute(piece))
        }
    }

    /// Skips the empty lines that clients may send before a request (RFC 9112, 2.2).
    ///
    /// The C parser would skip a bare CR or LF, too.
    private func skipEmptyLines(_ rest: inout Slice<UnsafeRawBufferPointer>) throws(Rejection) {
        while let byte = rest.first, isInsideEmptyLine || byte == 0x0D || byte == 0x0A {
            guard byte == (isInsideEmptyLine ? 0x0A : 0x0D) else { throw .malformed }
            guard emptyLineBytes < Options.headLimit else { throw .headTooLarge }
            emptyLineBytes += 1
            isInsideEmptyLine.toggle()
            rest.removeFirst()
        }
    }

    private func begin() {
        phase = .head
        overhead = 0
        target.removeAll(keepingCapacity: true)
        protocolName.removeAll(keepingCapacity: true)
        body.removeAll(keepingCapacity: body.capacity <= Self.bodyKept)
        fields.reset()
    }

    /// How many bytes may follow before a limit is reached.
    ///
    /// The limits hold for a request as a whole, so that its answer does not depend on how it was split.
    private var allowedBytes: Int {
        switch phase {
        case .between, .sizedBody: .max
        case .head: Options.headLimit - emptyLineBytes - overhead
        case .chunkedBody: Options.headLimit + Options.chunkOverheadLimit - overhead
        }
    }

    /// Feeds the C parser up to the end of the request.
    ///
    /// - Returns: How many bytes it took.
    private func execute(_ bytes: UnsafeRawBufferPointer) throws(Rejection) -> Int {
        piece = bytes
        defer { piece = UnsafeRawBufferPointer(start: nil, count: 0) }
        let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        let bodyBefore = body.count
        var count = bytes.count
        switch llhttp_execute(state, start, count) {
        case HPE_OK: break
        case HPE_PAUSED:
            if let start, let end = llhttp_get_error_pos(state) { count = end - start }
            llhttp_resume(state)
        default: throw rejection ?? .malformed
        }
        overhead += count - (body.count - bodyBefore)
        return count
    }
}

// MARK: - Called by the C parser

extension RequestParser {
    func targetContinued(_ bytes: UnsafeRawBufferPointer) {
        target.append(contentsOf: bytes)
    }

    func protocolContinued(_ bytes: UnsafeRawBufferPointer) {
        if protocolName.isEmpty, let start = piece.baseAddress, let here = bytes.baseAddress {
            protocolOffset = overhead + (here - start)
        }
        protocolName.append(contentsOf: bytes)
    }

    // Trailer fields, which arrive after the head, are checked by the C parser and dropped.

    func nameContinued(_ bytes: UnsafeRawBufferPointer) {
        if phase == .head { fields.nameContinued(bytes) }
    }

    func nameEnded() {
        if phase == .head { fields.nameEnded() }
    }

    func valueContinued(_ bytes: UnsafeRawBufferPointer) {
        if phase == .head { fields.valueContinued(bytes) }
    }

    /// - Returns: Whether to go on with the body.
    func headEnded() -> Bool {
        // Offers to change the protocol are ignored.
        state.pointee.upgrade = 0
        rejection = checkHead()
        guard rejection == nil else { return false }
        phase = isChunked ? .chunkedBody : .sizedBody
        if fields.awaitsContinue, state.pointee.http_minor >= 1 { receiver?.bodyAwaited() }
        return true
    }

    private func checkHead() -> Rejection? {
        guard state.pointee.http_major == 1 else { return .wrongVersion }
        guard hasStrictRequestLine else { return .malformed }
        // RFC 9112, 3.2: a request of HTTP/1.1 has one Host field.
        let isOld = state.pointee.http_minor == 0
        guard fields.hostCount == 1 || isOld && fields.hostCount == 0, fields.hasValidHost else { return .malformed }
        if fields.hasCoding {
            // RFC 9112, 6.1: such a request of HTTP/1.0 has faulty framing.
            guard isChunked, !isOld else { return .malformed }
            guard fields.isChunkedAlone else { return .unknownCoding }
        } else if state.pointee.content_length > UInt64(Options.bodyLimit) {
            return .bodyTooLarge
        }
        return fields.hasUnknownExpectation ? .unknownExpectation : nil
    }

    /// The C parser also accepts RTSP and ICE, several spaces, and targets with bytes that RFC 3986 forbids.
    private var hasStrictRequestLine: Bool {
        let method = strlen(llhttp_method_name(llhttp_method(rawValue: UInt32(state.pointee.method))))
        return protocolName.elementsEqual("HTTP".utf8) && protocolOffset == method + target.count + 2
            && target.allSatisfy(\.isVisible)
    }

    private var isChunked: Bool {
        UInt32(state.pointee.flags) & F_CHUNKED.rawValue != 0
    }

    /// - Returns: Whether to go on with the chunk.
    func chunkBegan() -> Bool {
        // The C parser keeps the size of the chunk there.
        if state.pointee.content_length <= UInt64(Options.bodyLimit - body.count) { return true }
        rejection = .bodyTooLarge
        return false
    }

    func bodyContinued(_ bytes: UnsafeRawBufferPointer) {
        body.append(contentsOf: bytes)
    }

    func ended() {
        phase = .between
        emptyLineBytes = 0
        let takesMore =
            receiver?.requestReceived(method, target: target.span.bytes, body: body.span.bytes, persistence) ?? false
        hasEnded = !takesMore
    }

    private var persistence: Persistence {
        guard llhttp_should_keep_alive(state) != 0 else { return .closes }
        return state.pointee.http_minor == 0 ? .saysKeepAlive : .staysOpen
    }

    private var method: Method {
        switch llhttp_method(rawValue: UInt32(state.pointee.method)) {
        case HTTP_GET: .get
        case HTTP_HEAD: .head
        case HTTP_POST: .post
        default: .other
        }
    }
}

extension UInt8 {
    /// ASCII without controls, blanks and `#`, which ends a target and is never sent.
    fileprivate var isVisible: Bool { 0x21...0x7E ~= self && self != UInt8(ascii: "#") }
}
