/// The parts of an answer that the tests check.
struct Answer {
    let status: Int
    /// By name in lower case.
    let fields: [String: String]
    let body: [UInt8]

    var text: String {
        String(decoding: body, as: UTF8.self)
    }
}

extension Client {
    /// Reads one answer.
    ///
    /// - Parameter hasBody: False after HEAD, whose answer gives the length of a body that is not sent.
    func answer(hasBody: Bool = true) throws -> Answer {
        let head = String(decoding: try bytes(through: "\r\n\r\n"), as: UTF8.self)
        let lines = head.split(separator: "\r\n")
        guard lines[0].hasPrefix("HTTP/1.1 "), let status = Int(lines[0].split(separator: " ")[1]) else {
            throw Failure("no status line: \(head)")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ": ", maxSplits: 1)
            guard parts.count == 2 else { throw Failure("no header field: \(line)") }
            fields[parts[0].lowercased()] = String(parts[1])
        }
        let length = hasBody ? fields["content-length"].flatMap { Int($0) } ?? 0 : 0
        return Answer(status: status, fields: fields, body: try bytes(length))
    }

    /// Sends a request and reads the answer.
    func ask(_ method: String, _ target: String, _ fields: String = "", body: String = "") throws -> Answer {
        try send(request(method, target, fields, body: body))
        return try answer(hasBody: method != "HEAD")
    }
}

/// The bytes of a request of HTTP/1.1.
func request(_ method: String, _ target: String, _ fields: String = "", body: String = "") -> String {
    let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
    return "\(method) \(target) HTTP/1.1\r\nHost: here\r\n\(length)\(fields)\r\n\(body)"
}
