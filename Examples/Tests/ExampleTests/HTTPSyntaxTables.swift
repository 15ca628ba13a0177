/// A request that must get one error, after which the connection is closed.
struct MalformedRequest: CustomStringConvertible, Sendable {
    let description: String
    let text: String
    let status: Int

    private init(_ description: String, _ text: String, _ status: Int = 400) {
        self.description = description
        self.text = text
        self.status = status
    }

    static let all = starts + lines + lengths + codings + chunks + fields

    private static func get(_ lines: String) -> String {
        "GET / HTTP/1.1\r\nHost: a\r\n\(lines)\r\n"
    }

    private static func post(_ lines: String, _ body: String = "") -> String {
        "POST /echo HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\(body)"
    }

    private static func chunked(_ body: String) -> String {
        post("Transfer-Encoding: chunked\r\n", body)
    }

    private static let starts = [
        MalformedRequest("no request", "nonsense\r\n\r\n"),
        MalformedRequest("method in lower case", "get / HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("unknown method", "FETCH / HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("two spaces after the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("space before the method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("tabs in the request line", "GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("target that is no path", "GET a HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("fragment in the target", "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("target beyond ASCII", "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("other protocol", "GET / ICE/1.0\r\nHost: a\r\n\r\n"),
        MalformedRequest("protocol in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("version 1.9", "GET / HTTP/1.9\r\nHost: a\r\n\r\n"),
        MalformedRequest("version of three digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n"),
        MalformedRequest("version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        MalformedRequest("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        MalformedRequest("space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n"),
        MalformedRequest("bare LF before the request", "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("bare CR before the request", "\rGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        MalformedRequest("CR CR LF before the request", "\r\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ]

    private static let lines = [
        MalformedRequest("bare LF everywhere", "GET / HTTP/1.1\nHost: a\n\n"),
        MalformedRequest("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n"),
        MalformedRequest("bare LF after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n"),
        MalformedRequest("bare LF at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\n"),
        MalformedRequest("bare CR after the request line", "GET / HTTP/1.1\rHost: a\r\n\r\n"),
        MalformedRequest("bare CR in the host", "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n"),
        MalformedRequest("bare CR in a value", get("X: a\rContent-Length: 5\r\n")),
        MalformedRequest("bare CR in a name", get("X\rY: a\r\n")),
        MalformedRequest("bare CR at the start of a line", "GET / HTTP/1.1\r\nHost: a\r\n\rX"),
        MalformedRequest("bare CR before a colon", "GET / HTTP/1.1\r\nHost: a\r\n\r:"),
        MalformedRequest("bare CR that hides a length", get("\rX: y\r\nContent-Length: 5\r\n")),
        MalformedRequest("CR CR LF after the request line", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n"),
        MalformedRequest("CR CR LF after a field", get("X: y\r\r\n")),
        MalformedRequest("CR CR LF at the end of the head", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n"),
        MalformedRequest("LF CR", get("X: y\n\rContent-Length: 5\r\n")),
        MalformedRequest("NUL in a name", get("X\0Y: a\r\n")),
        MalformedRequest("NUL in a value", get("X: a\0b\r\n")),
        MalformedRequest("NUL in a length", post("Content-Length: 5\0\r\n", "hello")),
        MalformedRequest("space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n"),
        MalformedRequest("folded value", get("X: a\r\n b\r\n")),
        MalformedRequest("value folded with a tab", get("X: a\r\n\tb\r\n")),
        MalformedRequest("folded length", post("Content-Length:\r\n 5\r\n", "hello")),
        MalformedRequest("folded length that goes on", post("Content-Length: 1\r\n 0\r\n", "hellohello")),
        MalformedRequest("folded coding", post("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")),
        MalformedRequest("field in a folded value", post("X: y\r\n Content-Length: 5\r\n", "hello")),
    ]

    private static let lengths = [
        MalformedRequest("two different lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "helloX")),
        MalformedRequest("the same length twice", post("Content-Length: 5\r\nContent-Length: 5\r\n", "hello")),
        MalformedRequest("list of lengths", post("Content-Length: 5, 5\r\n", "hello")),
        MalformedRequest("length with a sign", post("Content-Length: +5\r\n", "hello")),
        MalformedRequest("negative length", post("Content-Length: -1\r\n", "hello")),
        MalformedRequest("hexadecimal length", post("Content-Length: 0x5\r\n", "hello")),
        MalformedRequest("empty length", post("Content-Length: \r\n")),
        MalformedRequest("two numbers as length", post("Content-Length: 5 5\r\n", "hello")),
        MalformedRequest("length of 2^64", post("Content-Length: 18446744073709551616\r\n")),
        MalformedRequest("length of 2^64 - 1", post("Content-Length: 18446744073709551615\r\n"), 413),
        MalformedRequest("length beyond the limit", post("Content-Length: 1048577\r\n"), 413),
        MalformedRequest("space before the colon of a length", post("Content-Length : 5\r\n", "hello")),
        MalformedRequest("tab before the colon of a length", post("Content-Length\t: 5\r\n", "hello")),
        MalformedRequest("length and coding", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")),
        MalformedRequest("coding and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")),
    ]

    private static let codings = [
        MalformedRequest("other coding", post("Transfer-Encoding: gzip\r\n")),
        MalformedRequest("identity", post("Transfer-Encoding: identity\r\n")),
        MalformedRequest("identity and length", post("Transfer-Encoding: identity\r\nContent-Length: 5\r\n", "hello")),
        MalformedRequest("empty coding", post("Transfer-Encoding:\r\n")),
        MalformedRequest("chunked is not last", post("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")),
        MalformedRequest("misspelt coding", post("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")),
        MalformedRequest("longer coding", post("Transfer-Encoding: chunkedx\r\n", "0\r\n\r\n")),
        MalformedRequest("coding with a parameter", post("Transfer-Encoding: chunked;a=b\r\n", "0\r\n\r\n")),
        MalformedRequest("quoted coding", post("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")),
        MalformedRequest("coding before chunked", post("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), 501),
        MalformedRequest(
            "two fields of codings", post("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 501
        ),
        MalformedRequest("space before the colon of a coding", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")),
        MalformedRequest("coding in HTTP/1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
    ]

    private static let chunks = [
        MalformedRequest("other end of a chunk", chunked("5\r\nhelloXX0\r\n\r\n")),
        MalformedRequest("chunk ended by LF", chunked("5\r\nhello\n0\r\n\r\n")),
        MalformedRequest("chunk without an end", chunked("5\r\nhello0\r\n\r\n")),
        MalformedRequest("size ended by CR", chunked("5\rXhello\r\n0\r\n\r\n")),
        MalformedRequest("size ended by LF", chunked("5\nhello\r\n0\r\n\r\n")),
        MalformedRequest("LF in an extension", chunked("5;\nabc\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("CR in an extension", chunked("5;a\rb\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("extension ended by LF", chunked("5;a=b\nhello\r\n0\r\n\r\n")),
        MalformedRequest("NUL in an extension", chunked("5;a\0b\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("words after the size", chunked("5 junk\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("no size", chunked("\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("size with a sign", chunked("+5\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("negative size", chunked("-5\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("size with a prefix", chunked("0x5\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("size of no digits", chunked("g\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("size beyond 64 bits", chunked("10000000000000005\r\nhello\r\n0\r\n\r\n")),
        MalformedRequest("size of 2^64 - 1", chunked("ffffffffffffffff\r\nhello\r\n0\r\n\r\n"), 413),
        MalformedRequest("size beyond the limit", chunked("100001\r\n"), 413),
        MalformedRequest("sizes beyond the limit together", chunked("5\r\nhello\r\nffffc\r\n"), 413),
        MalformedRequest("end of the body with LF", chunked("5\r\nhello\r\n0\n\n")),
        MalformedRequest("other end of the body", chunked("5\r\nhello\r\n0\r\n\rX")),
        MalformedRequest("trailer without a colon", chunked("0\r\nX\r\n\r\n")),
        MalformedRequest("space in the name of a trailer", chunked("0\r\nBad Name: b\r\n\r\n")),
        MalformedRequest("bare CR in a trailer", chunked("0\r\nX: a\rb\r\n\r\n")),
        MalformedRequest("bare LF after a trailer", chunked("0\r\nX: a\n\r\n")),
        MalformedRequest("NUL in a trailer", chunked("0\r\nX: a\0\r\n\r\n")),
    ]

    private static let fields = [
        MalformedRequest("no host", "GET / HTTP/1.1\r\n\r\n"),
        MalformedRequest("two hosts", get("Host: b\r\n")),
        MalformedRequest("two equal hosts", get("Host: a\r\n")),
        MalformedRequest("space in the host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"),
        MalformedRequest("path in the host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"),
        MalformedRequest("user in the host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
        MalformedRequest("two hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n"),
        MalformedRequest("no colon", get("name\r\n")),
        MalformedRequest("no name", get(": value\r\n")),
        MalformedRequest("space in a name", get("Bad Name: b\r\n")),
        MalformedRequest("space before a colon", get("Name : b\r\n")),
        MalformedRequest("quotation mark in a name", get("Na\"me: b\r\n")),
        MalformedRequest("name beyond ASCII", get("Nä: b\r\n")),
        MalformedRequest("unknown expectation", get("Expect: wonders\r\n"), 417),
        MalformedRequest("expectation and another", get("Expect: 100-continue\r\nExpect: wonders\r\n"), 417),
    ]
}

/// Requests that must be answered, the last of which closes the connection.
struct ValidRequest: CustomStringConvertible, Sendable {
    let description: String
    let text: String
    let statuses: [Int]

    private init(_ description: String, _ text: String, _ statuses: [Int]) {
        self.description = description
        self.text = text
        self.statuses = statuses
    }

    private static let last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    private static func post(_ lines: String, _ body: String) -> String {
        "POST /echo HTTP/1.1\r\nHost: a\r\n\(lines)\r\n\(body)"
    }

    static let all = [
        ValidRequest("plain", last, [200]),
        ValidRequest("HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", [200]),
        ValidRequest("HTTP/1.0 that stays", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n" + last, [200, 200]),
        ValidRequest("nothing after the last one", last + last, [200]),
        ValidRequest("empty lines before a request", "\r\n\r\n" + last, [200]),
        ValidRequest("empty line between requests", request("GET", "/") + "\r\n" + last, [200, 200]),
        ValidRequest("three in a row", request("GET", "/") + request("GET", "/no") + last, [200, 404, 200]),
        ValidRequest("absolute form", "GET http://a/?b HTTP/1.1\r\nHost: a\r\n\r\n" + last, [200, 200]),
        ValidRequest("asterisk form", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + last, [404, 200]),
        ValidRequest("authority form", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" + last, [404, 200]),
        ValidRequest("HEAD", request("HEAD", "/") + last, [200, 200]),
        ValidRequest(
            "offer of another protocol", request("GET", "/", "Connection: upgrade\r\nUpgrade: x\r\n") + last,
            [200, 200]),
        ValidRequest("host with a port", "GET / HTTP/1.1\r\nHost:[::1]:80 \r\nConnection: close\r\n\r\n", [200]),
        ValidRequest("empty host", "GET / HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n", [200]),
        ValidRequest(
            "empty value, value beyond ASCII", request("GET", "/", "X:\r\nY:\t \r\nZ: ä\r\n") + last, [200, 200]),
        ValidRequest("length with blanks", post("Content-Length: \t 5 \r\n", "hello") + last, [200, 200]),
        ValidRequest("length of nothing", post("Content-Length: 0\r\n", "") + last, [200, 200]),
        ValidRequest(
            "body that looks like requests", post("Content-Length: \(last.utf8.count)\r\n", last) + last, [200, 200]),
        ValidRequest(
            "GET with a body", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + last, [200, 200]),
        ValidRequest("chunks", post("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n") + last, [200, 200]),
        ValidRequest("no chunk", post("transfer-encoding:CHUNKED \r\n", "0\r\n\r\n") + last, [200, 200]),
        ValidRequest(
            "size with zeros", post("Transfer-Encoding: chunked\r\n", "0005\r\nhello\r\n000\r\n\r\n") + last,
            [200, 200]),
        ValidRequest(
            "extensions and trailers",
            post("Transfer-Encoding: chunked\r\n", "5;a;b=c;d=\"e\"\r\nhello\r\n0;f\r\nX: y\r\nHost: b\r\n\r\n") + last,
            [200, 200]),
        ValidRequest(
            "expectation", post("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello") + last, [100, 200, 200]),
        ValidRequest(
            "expectation and chunks",
            post("Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n", "5\r\nhello\r\n0\r\n\r\n") + last,
            [100, 200, 200]),
    ]
}
