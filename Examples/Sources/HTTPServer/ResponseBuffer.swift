import Glibc

/// Where answers are put together: those to all requests of one read leave as one write.
///
/// One buffer serves all connections, because each empties it before the loop goes on to the next.
final class ResponseBuffer {
    private(set) var bytes: [UInt8] = []
    /// The header field with its newline.
    private var date: [UInt8] = []
    /// Larger echoes come seldom enough to give their memory back.
    private static let kept = 256 * 1024
    private static let echoHead = Array(
        "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: ".utf8)
    private static let saysContinue = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)
    private static let saysKeepAlive = Array("Connection: keep-alive\r\n".utf8)
    private static let saysClose = Array("Connection: close\r\n".utf8)

    init() {
        bytes.reserveCapacity(Self.kept)
        refreshDate()
    }

    /// To be called once a second.
    func refreshDate() {
        var now = time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        date = [UInt8](unsafeUninitializedCapacity: 64) { buffer, count in
            count = strftime(buffer.baseAddress, buffer.count, "Date: %a, %d %b %Y %H:%M:%S GMT\r\n", &parts)
        }
    }

    func append(_ response: Response, _ persistence: Persistence, withoutBody: Bool = false) {
        bytes.append(contentsOf: response.head)
        endHead(persistence)
        if !withoutBody { bytes.append(contentsOf: response.body) }
    }

    /// The answer that gives a request's body back.
    func appendEcho(of body: RawSpan, _ persistence: Persistence) {
        bytes.append(contentsOf: Self.echoHead)
        append(decimal: body.byteCount)
        bytes.append(0x0D)
        bytes.append(0x0A)
        endHead(persistence)
        body.withUnsafeBytes { bytes.append(contentsOf: $0) }
    }

    func appendContinue() {
        bytes.append(contentsOf: Self.saysContinue)
    }

    func removeAll() {
        bytes.removeAll(keepingCapacity: bytes.capacity <= 2 * Self.kept)
    }

    private func endHead(_ persistence: Persistence) {
        bytes.append(contentsOf: date)
        switch persistence {
        case .staysOpen: break
        case .saysKeepAlive: bytes.append(contentsOf: Self.saysKeepAlive)
        case .closes: bytes.append(contentsOf: Self.saysClose)
        }
        bytes.append(0x0D)
        bytes.append(0x0A)
    }

    private func append(decimal number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }
}
