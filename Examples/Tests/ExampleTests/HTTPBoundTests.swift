import Foundation
import Testing

/// What clients get that do not behave.
@Suite struct HTTPBoundTests {
    private let program: Program
    private let client: Client

    init() throws {
        program = try Program("HTTPServer", "--port", "0", "--request-timeout", "1", "--idle-timeout", "2")
        client = try Client(port: try program.port())
    }

    enum BadRequest: String, CaseIterable {
        case nonsense = "nonsense"
        case noHost = "GET / HTTP/1.1"
        case twoHosts = "GET / HTTP/1.1\r\nHost: a\r\nHost: b"
        case blankInName = "GET / HTTP/1.1\r\nHost: a\r\nBad Name: b"
        case twoLengths = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked"
        case wrongLength = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: x"
        case chunked = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked"
        case chunkedInCapitals = "POST /echo HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING:CHUNKED"
        case chunkedAndAwaited = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue"
        case chunkedOfOldVersion = "POST /echo HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked"
        case otherCoding = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip"
        case twoCodings = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked"
        case noCoding = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:"
        case wrongExpectation = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: wonders"
        case wrongVersion = "GET / HTTP/2.0\r\nHost: a"

        var status: Int {
            switch self {
            case .chunked, .chunkedInCapitals, .chunkedAndAwaited, .chunkedOfOldVersion: 411
            case .otherCoding, .twoCodings, .noCoding: 411
            case .wrongExpectation: 417
            case .wrongVersion: 505
            default: 400
            }
        }
    }

    @Test(arguments: BadRequest.allCases)
    func badRequest_isRefused_andEndsTheConnection(_ bad: BadRequest) throws {
        // The good request before it is answered first.
        try client.send(request("GET", "/") + bad.rawValue + "\r\n\r\n")
        #expect(try client.answer().status == 200)
        let answer = try client.answer()
        #expect(answer.status == bad.status)
        #expect(answer.fields["connection"] == "close")
        #expect(try client.isAtEnd())
    }

    @Test func head_isBounded() throws {
        try client.send("GET / HTTP/1.1\r\nHost: here\r\nX: \(String(repeating: "x", count: 1 << 16))")
        #expect(try client.answer().status == 431)
        #expect(try client.isAtEnd())
    }

    @Test func body_isBounded_byWhatIsTold() throws {
        try client.send(request("POST", "/echo", "Content-Length: 1048577\r\nExpect: 100-continue\r\n"))
        #expect(try client.answer().status == 413)
        #expect(try client.isAtEnd())
    }

    /// The C parser takes each for a whole body, and what follows for a request.
    enum ChunkedBody: String, CaseIterable {
        case otherEndOfChunk = "5\r\nhelloXX0\r\n\r\n"
        case otherEndOfSize = "5\rXhello\r\n0\r\n\r\n"
        case lineFeedInExtension = "5;\nabc\r\nhello\r\n0\r\n\r\n"
        case nonsenseAfterSize = "5 junk\r\nhello\r\n0\r\n\r\n"
        case otherEndOfBody = "5\r\nhello\r\n0\r\n\rX"
        case nonsenseInTrailer = "5\r\nhello\r\n0\r\nBad Name: b\r\n\r\n"
        case wellFormed = "5\r\nhello\r\n0\r\n\r\n"
    }

    @Test(arguments: ChunkedBody.allCases)
    func chunkedBody_isRefused_andNothingAfterItIsServed(_ body: ChunkedBody) throws {
        let head = request("POST", "/echo", "Transfer-Encoding: chunked\r\n")
        try client.send(head + body.rawValue + request("GET", "/"))
        #expect(try client.answer().status == 411)
        #expect(try client.isAtEnd())
    }

    @Test(arguments: [("Transfer-Encoding: chunked", 411), ("Content-Length: 2621440", 413)])
    func refusal_isHeard_byAClientThatGoesOnSending(_ field: String, status: Int) throws {
        try client.send(request("POST", "/echo", "\(field)\r\n"))
        let piece = String(repeating: "x", count: 1 << 16)
        for _ in 0..<40 { try client.send(piece) }
        #expect(try client.answer().status == status)
        #expect(try client.isAtEnd())
    }

    @Test func body_mayBeAsLargeAsTheBound() throws {
        let body = String(repeating: "0123456789abcdef", count: 1 << 16)
        #expect(try client.ask("POST", "/echo", body: body).text == body)
    }

    @Test func slowRequest_timesOut() throws {
        try client.send("GET / HTTP/1.1\r\nHo")
        #expect(try client.answer().status == 408)
        #expect(try client.isAtEnd())
    }

    @Test func slowBody_timesOut() throws {
        try client.send(request("POST", "/echo", "Content-Length: 4\r\n") + "bo")
        #expect(try client.answer().status == 408)
        #expect(try client.isAtEnd())
    }

    @Test func idleConnection_isClosed() throws {
        #expect(try client.ask("GET", "/").status == 200)
        #expect(try client.isAtEnd())
    }

    @Test func clientThatReadsNothing_isNotReadFromForEver() throws {
        let request = Array(request("GET", "/").utf8)
        let batch = Array(repeatElement(request, count: 1000).joined())
        var sent = 0
        // Without back-pressure the server would take and answer it all: 100 MB in, 300 MB kept.
        while sent < 100 << 20 {
            let count = try client.sendSome(batch[(sent % batch.count)...])
            if count == 0 {
                usleep(300_000)
                let retried = try client.sendSome(batch[(sent % batch.count)...])
                sent += retried
                if retried == 0 { break }
            }
            sent += count
        }
        #expect(sent < 100 << 20)
        // What was sent is still answered, to the last whole request.
        let first = try client.bytes(through: "Hello, world!\n")
        _ = try client.bytes((sent / request.count - 1) * first.count)
        #expect(client.isQuiet(for: 0.1))
    }
}
