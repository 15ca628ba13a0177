import Foundation
import Testing

/// The start and the shutdown of the server.
@Suite struct HTTPLifeTests {
    @Test(arguments: [("auto", "io_uring"), ("epoll", "The program asks for epoll"), ("select", "asks for select")])
    func start_printsAddressBackendAndReason(_ backend: String, reason: String) throws {
        let program = try Program("HTTPServer", "--port", "0", "--backend", backend)
        let line = try program.line()
        #expect(line.hasPrefix("backend: ") && line.contains(reason), "\(line)")
        let listening = try program.line()
        #expect(listening.wholeMatch(of: /listening on 127\.0\.0\.1:\d+ \([a-z_]+\)/) != nil)
    }

    @Test(arguments: [("SIGINT", SIGINT), ("SIGTERM", SIGTERM)])
    func signal_letsARequestInFlightFinish(_ name: String, _ number: Int32) throws {
        let program = try Program("HTTPServer", "--port", "0")
        let port = try program.port()
        let idle = try Client(port: port)
        #expect(try idle.ask("GET", "/").status == 200)
        let busy = try Client(port: port)
        try busy.send(request("POST", "/echo", "Content-Length: 14\r\nExpect: 100-continue\r\n"))
        // The request is in flight now.
        #expect(try busy.answer().status == 100)

        program.signal(number)
        #expect(try idle.isAtEnd())
        #expect(throws: Failure.self) { try Client(port: port) }
        try busy.send("there and back")
        let answer = try busy.answer()
        #expect(answer.text == "there and back")
        #expect(answer.fields["connection"] == "close")
        #expect(try busy.isAtEnd())

        let (status, output, errors) = try program.end()
        #expect(status == 0)
        #expect(output == "stopped by \(name) after 2 requests on 2 connections\n")
        #expect(errors.isEmpty)
    }

    @Test func usr1_printsTheLoopsState_andServingContinues() throws {
        let program = try Program("HTTPServer", "--port", "0")
        let client = try Client(port: try program.port())
        #expect(try client.ask("GET", "/").status == 200)
        program.signal(SIGUSR1)
        #expect(try client.ask("GET", "/").status == 200)
        program.signal(SIGINT)
        let (status, _, errors) = try program.end()
        #expect(status == 0)
        #expect(errors.hasPrefix("HTTPServer: <"))
        #expect(errors.contains("pending operations: ") && errors.contains("<SocketTransport fd="))
    }

    @Test func requestThatNeverEnds_isAborted_afterTheStopTimeout() throws {
        let program = try Program("HTTPServer", "--port", "0", "--stop-timeout", "1")
        let client = try Client(port: try program.port())
        try client.send(request("POST", "/echo", "Content-Length: 4\r\nExpect: 100-continue\r\n"))
        #expect(try client.answer().status == 100)
        program.signal(SIGINT)
        #expect(try program.end().status == 0)
        #expect(try client.isAtEnd())
    }

    @Test func secondSignal_endsTheServerAtOnce() throws {
        let program = try Program("HTTPServer", "--port", "0", "--stop-timeout", "3600")
        let port = try program.port()
        let client = try Client(port: port)
        let idle = try Client(port: port)
        try client.send(request("POST", "/echo", "Content-Length: 4\r\nExpect: 100-continue\r\n"))
        #expect(try client.answer().status == 100)
        program.signal(SIGINT)
        // Two pending signals count as one: the end of the idle connection shows that the first was handled.
        #expect(try idle.isAtEnd())
        program.signal(SIGINT)
        #expect(try program.end().status == 0)
    }

    @Test func portInUse_isOneLine_andStatus1() throws {
        let first = try Program("HTTPServer", "--port", "0")
        let port = try first.port()
        let (status, output, errors) = try Program("HTTPServer", "--port", "\(port)").end()
        #expect(status == 1)
        #expect(output.isEmpty)
        #expect(errors.hasPrefix("HTTPServer: "))
        #expect(errors.contains("127.0.0.1:\(port)") && errors.contains("in use"))
        #expect(errors.split(separator: "\n").count == 1)
    }

    @Test(arguments: ["--backend magic", "--port 70000", "--port", "--colour red"])
    func invalidArguments_areRefused(_ arguments: String) throws {
        let (status, output, errors) = try Program("HTTPServer", arguments.split(separator: " ").map(String.init)).end()
        #expect(status > 0)
        #expect(output.isEmpty)
        #expect(errors.hasPrefix("HTTPServer: "))
    }
}
