import Foundation
import Testing

/// Limits on time and memory that no client exceeds.
@Suite struct HTTPBoundTests {
    private let program: Program
    private let port: Int
    private let client: Client

    init() throws {
        program = try Program("HTTPServer", "--port", "0", "--request-timeout", "1", "--idle-timeout", "2")
        port = try program.port()
        client = try Client(port: port)
    }

    /// Spaces before a value never reach the server's code, but count all the same.
    @Test(arguments: ["x", " "]) func head_isLimited(_ filling: String) throws {
        try client.send("GET / HTTP/1.1\r\nHost: here\r\nX:\(String(repeating: filling, count: 1 << 16))")
        #expect(try client.answer().status == 431)
        #expect(try client.isAtEnd())
    }

    @Test(arguments: [0, 1]) func head_mayHave16KiB_andNotAByteMore(_ more: Int) throws {
        let frame = request("GET", "/", "X: \r\n")
        let value = String(repeating: "x", count: 16 * 1024 - frame.utf8.count + more)
        try client.send(request("GET", "/", "X: \(value)\r\n"))
        #expect(try client.answer().status == (more == 0 ? 200 : 431))
    }

    @Test func emptyLines_countAsAPartOfTheHead() throws {
        let request = request("GET", "/")
        let lines = String(repeating: "\r\n", count: (16 * 1024 - request.utf8.count) / 2)
        for _ in 1...2 {
            try client.send(lines + request)
            #expect(try client.answer().status == 200)
        }
        try client.send(lines + "\r\n" + request)
        #expect(try client.answer().status == 431)
    }

    @Test func emptyLines_alone_areLimited() throws {
        try client.send(String(repeating: "\r\n", count: 8 * 1024 + 1))
        #expect(try client.answer().status == 431)
    }

    /// The idle time is 2 s; a connection that each empty line kept open would outlive the loop.
    @Test func emptyLines_doNotExtendTheIdleTime() throws {
        let isClosed = (0..<100).contains { _ in
            try? client.send("\r\n")
            return !client.isQuiet(for: 0.25)
        }
        #expect(isClosed)
        #expect(try client.isAtEnd())
    }

    /// An extension, a trailer field and tiny chunks, each repeated beyond the limit.
    @Test(arguments: [("5;", "a"), ("0\r\nX: ", "a"), ("", "1\r\nx\r\n")])
    func chunkedBody_hasALimit_forWhatIsNoContent(_ start: String, _ filling: String) throws {
        try client.send(request("POST", "/echo", "Transfer-Encoding: chunked\r\n") + start)
        // The server may refuse before everything is sent.
        try? client.send(String(repeating: filling, count: 1 << 19))
        #expect(try client.answer().status == 413)
        #expect(try client.isAtEnd())
    }

    @Test func body_isLimited_byItsLength() throws {
        try client.send(request("POST", "/echo", "Content-Length: 1048577\r\nExpect: 100-continue\r\n"))
        #expect(try client.answer().status == 413)
        #expect(try client.isAtEnd())
    }

    @Test(arguments: [("Transfer-Encoding: gzip", 400), ("Content-Length: 2621440", 413)])
    func refusal_isReceived_byAClientThatGoesOnSending(_ field: String, status: Int) throws {
        try client.send(request("POST", "/echo", "\(field)\r\n"))
        let piece = String(repeating: "x", count: 1 << 16)
        for _ in 0..<40 { try client.send(piece) }
        #expect(try client.answer().status == status)
        #expect(try client.isAtEnd())
    }

    @Test func body_mayBeAsLargeAsTheLimit() throws {
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

    /// Every beginning of a request, sent on a connection of its own.
    @Test func unfinishedRequest_timesOut_whereverItStops() throws {
        let whole = request("POST", "/echo", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\nX: y\r\n\r\n"
        let clients = try (1..<whole.utf8.count).map { count in
            let client = try Client(port: port)
            try client.send(Array(whole.utf8.prefix(count)))
            return client
        }
        for client in clients {
            #expect(try client.answer().status == 408)
            #expect(try client.isAtEnd())
        }
    }

    @Test func idleConnection_isClosed() throws {
        #expect(try client.ask("GET", "/").status == 200)
        #expect(try client.isAtEnd())
    }

    @Test func clientThatReadsNothing_isHeldBack() throws {
        let request = Array(request("GET", "/").utf8)
        let batch = Array(repeatElement(request, count: 1000).joined())
        var sent = 0
        // Without back-pressure the server would read and answer all of it: 100 MB received, 300 MB buffered.
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
        // Every complete request is still answered.
        let first = try client.bytes(through: "Hello, world!\n")
        _ = try client.bytes((sent / request.count - 1) * first.count)
        #expect(client.isQuiet(for: 0.1))
    }
}
