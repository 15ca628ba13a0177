import Foundation
import Testing

/// Answers to valid requests.
@Suite struct HTTPRequestTests {
    private let program: Program
    private let client: Client

    init() throws {
        program = try Program("HTTPServer", "--port", "0")
        client = try Client(port: try program.port())
    }

    @Test func routes_answer_onOneConnection() throws {
        let hello = try client.ask("GET", "/")
        #expect(hello.status == 200)
        #expect(hello.text == "Hello, world!\n")
        #expect(hello.fields["content-type"] == "text/plain; charset=utf-8")
        #expect(hello.fields["date"]?.hasSuffix(" GMT") == true)
        #expect(hello.fields["connection"] == nil)
        #expect(try client.ask("GET", "/?a=b").text == hello.text)
        #expect(try client.ask("GET", "http://here/").text == hello.text)

        #expect(try client.ask("POST", "/echo", body: "there and back").text == "there and back")
        #expect(try client.ask("POST", "/echo").body.isEmpty)
        #expect(try client.ask("GET", "/nowhere").status == 404)
        #expect(try client.ask("CONNECT", "here:80").status == 404)
        let wrong = try client.ask("GET", "/echo")
        #expect(wrong.status == 405)
        #expect(wrong.fields["allow"] == "POST")
        #expect(try client.ask("DELETE", "/").fields["allow"] == "GET, HEAD")
        // The offer of another protocol is ignored.
        #expect(try client.ask("GET", "/", "Upgrade: h2c\r\nConnection: Upgrade\r\n").status == 200)
    }

    @Test func stats_areJSON() throws {
        _ = try client.ask("GET", "/")
        let answer = try client.ask("GET", "/stats")
        #expect(answer.fields["content-type"] == "application/json")
        let stats = try #require(try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
        #expect(stats["backend"] is String)
        #expect(stats["connections"] as? Int == 1)
        #expect(stats["requests"] as? Int == 2)
        for name in ["connections_total", "loop_lag_us", "loop_lag_max_us", "loop_turns", "operations_in_flight"] {
            #expect((stats[name] as? Int).map { $0 >= 0 } == true, "\(name)")
        }
        #expect((stats["uptime_s"] as? Double).map { $0 >= 0 } == true)
    }

    @Test(arguments: ["/", "/stats", "/nowhere", "/echo"])
    func head_sendsTheLength_butNoBody(_ target: String) throws {
        let head = try client.ask("HEAD", target)
        #expect(head.fields["content-length"].flatMap { Int($0) }.map { $0 > 0 } == true)
        // The next bytes are the next answer.
        #expect(try client.ask("GET", "/").text == "Hello, world!\n")
    }

    @Test func pipelinedRequests_areAnsweredInOrder() throws {
        var requests = ""
        for number in 0..<16 { requests += request("POST", "/echo", body: "number \(number)") }
        try client.send(requests)
        for number in 0..<16 { #expect(try client.answer().text == "number \(number)") }
        // Enough for several reads.
        try client.send(String(repeating: request("GET", "/"), count: 2000))
        for _ in 0..<2000 { #expect(try client.answer().status == 200) }
    }

    @Test func request_mayArriveByteByByte() throws {
        for byte in request("POST", "/echo", "Expect: 100-continue\r\n", body: "slowly").utf8 {
            try client.send([byte])
            // So that the server reads the bytes one by one.
            usleep(200)
        }
        #expect(try client.answer().status == 100)
        #expect(try client.answer().text == "slowly")
    }

    @Test(arguments: ["100-continue", "100-Continue", "100-continue ", " \t100-continue\t "])
    func continue_isSent_whenTheClientWaits(_ expectation: String) throws {
        try client.send(request("POST", "/echo", "Content-Length: 4\r\nExpect: \(expectation)\r\n"))
        #expect(try client.answer().status == 100)
        try client.send("body")
        #expect(try client.answer().text == "body")
    }

    @Test func connection_isClosed_whenTheClientAsks() throws {
        let answer = try client.ask("GET", "/", "Connection: close\r\n")
        #expect(answer.fields["connection"] == "close")
        #expect(try client.isAtEnd())
    }

    @Test func http10_isClosed_withoutKeepAlive() throws {
        try client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        #expect(try client.answer().fields["connection"] == "keep-alive")
        try client.send("GET / HTTP/1.0\r\n\r\n")
        #expect(try client.answer().fields["connection"] == "close")
        #expect(try client.isAtEnd())
    }
}
