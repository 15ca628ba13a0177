import Foundation
import Testing

@Suite struct HandOverTests {
    @Test func successor_takesTheListeningSocket_andThePredecessorEnds() throws {
        let control = NSTemporaryDirectory() + "hand-over-\(getpid())"
        let first = try Program("HandOver", "0", control)
        let port = try first.port()
        let client = try Client(port: port)
        let server = try client.line()
        #expect(server.hasPrefix("served by "))

        let second = try Program("HandOver", "0", control)
        // The same socket, so the same port.
        #expect(try second.port() == port)
        // Until then, both accept.
        #expect(try first.line() == "handed over")
        // The predecessor serves its connection to the end.
        try client.send("still here\n")
        #expect(try client.line() == "still here")
        let next = try Client(port: port)
        let other = try next.line()
        #expect(other.hasPrefix("served by ") && other != server)
        try client.finish()
        #expect(try client.isAtEnd())
        let (status, output, errors) = try first.end()
        #expect(status == 0 && errors.isEmpty)
        #expect(output.isEmpty)

        try next.send("and here\n")
        #expect(try next.line() == "and here")
        second.signal(SIGINT)
        #expect(try second.end().status == 0)
        #expect(!FileManager.default.fileExists(atPath: control))
    }
}
