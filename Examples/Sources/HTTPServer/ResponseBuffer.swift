import Glibc

/// Collects the answers to all requests of one read, which are sent with one write.
///
/// All connections share one buffer, because each empties it before its callback returns.
final class ResponseBuffer {
    private(set) var bytes: [UInt8] = []
    /// The `Date` field with its newline.
    private var date: [UInt8] = []
    /// Bytes to keep; the memory of larger answers is released.
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

    /// Call once a second.
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

    /// Appends an answer with the request's body.
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
