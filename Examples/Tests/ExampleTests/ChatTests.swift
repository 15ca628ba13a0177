import Foundation
import Testing

@Suite struct ChatTests {
    /// Connects and enters the room.
    private func guest(_ name: String, port: Int) throws -> Client {
        let client = try Client(port: port)
        #expect(try client.line() == "What is your name?")
        try client.send("\(name)\r\n")
        #expect(try client.line() == "Welcome, \(name).")
        return client
    }

    @Test func guests_receiveMessages_arrivalsAndDepartures() throws {
        let program = try Program("Chat", "0")
        let port = try program.port()
        let ann = try guest("Ann", port: port)
        do {
            let bob = try guest("Bob", port: port)
            #expect(try ann.line() == "* Bob is here")
            try ann.send("hello\n")
            #expect(try bob.line() == "Ann: hello")
            try bob.send("good day\nto you\n")
            #expect(try ann.line() == "Bob: good day")
            #expect(try ann.line() == "Bob: to you")
        }
        #expect(try ann.line() == "* Bob has left")
        program.signal(SIGINT)
        let (status, _, errors) = try program.end()
        #expect(status == 0)
        #expect(errors.isEmpty)
    }

    @Test func name_isRefused_whenInUse() throws {
        let program = try Program("Chat", "0")
        let port = try program.port()
        let ann = try guest("Ann", port: port)
        let other = try Client(port: port)
        #expect(try other.line() == "What is your name?")
        try other.send("Ann\n")
        #expect(try other.line() == "This name is taken.")
        #expect(try other.isAtEnd())
        #expect(ann.isQuiet(for: 0))
    }
}
