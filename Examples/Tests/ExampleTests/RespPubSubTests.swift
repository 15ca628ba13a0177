import Foundation
import Testing

/// Messages, and clients that do not read.
@Suite struct RespPubSubTests {
    private let server: RespServer

    init() throws {
        server = try RespServer()
    }

    @Test func messages_reachSubscribersOfChannelsAndPatterns() throws {
        let (one, two, publisher) = (try server.client(), try server.client(), try server.client())
        #expect(try one.run("SUBSCRIBE news") == "[\"subscribe\" \"news\" (1)]")
        #expect(try two.run("PSUBSCRIBE n?w*") == "[\"psubscribe\" \"n?w*\" (1)]")
        #expect(try publisher.run("PUBLISH news hello") == "(2)")
        #expect(try one.reply() == "[\"message\" \"news\" \"hello\"]")
        #expect(try two.reply() == "[\"pmessage\" \"n?w*\" \"news\" \"hello\"]")
        #expect(try publisher.run("PUBSUB NUMSUB news other") == "[\"news\" (1) \"other\" (0)]")
        #expect(try publisher.run("PUBSUB NUMPAT") == "(1)")
        #expect(try one.run("GET k").hasPrefix("error: ERR Can't execute 'get'"))
        #expect(try one.run("UNSUBSCRIBE") == "[\"unsubscribe\" \"news\" (0)]")
        #expect(try one.run("GET k") == "nil")
        #expect(try publisher.run("PUBLISH news again") == "(1)")
    }

    @Test func version3_pushesMessages_betweenReplies() throws {
        let client = try server.client()
        #expect(try client.run("HELLO 3").contains("\"proto\" (3)"))
        #expect(try client.run("SUBSCRIBE news") == ">[\"subscribe\" \"news\" (1)]")
        try client.send(Client.encoded(["PING"]) + Client.encoded(["PUBLISH", "news", "m"]) + Client.encoded(["PING"]))
        #expect(try client.reply() == "PONG")
        #expect(try client.reply() == ">[\"message\" \"news\" \"m\"]")
        #expect(try client.reply() == "(1)")
        #expect(try client.reply() == "PONG")
    }

    @Test func closedSubscriber_isForgotten() throws {
        let publisher = try server.client()
        do {
            let subscriber = try server.client()
            #expect(try subscriber.run("SUBSCRIBE news") == "[\"subscribe\" \"news\" (1)]")
            #expect(try publisher.run("PUBSUB CHANNELS") == "[\"news\"]")
        }
        while try publisher.run("PUBSUB CHANNELS") != "[]" {}
    }

    @Test func subscriberThatDoesNotRead_isDisconnected() throws {
        let (subscriber, publisher) = (try server.client(), try server.client())
        #expect(try subscriber.run("SUBSCRIBE news") == "[\"subscribe\" \"news\" (1)]")
        let message = String(repeating: "m", count: 1 << 20)
        var count = 0
        repeat {
            count += 1
            try publisher.send(command: ["PUBLISH", "news", message])
        } while try publisher.reply() == "(1)" && count < 200
        // More than the limit, and not much more than that and the kernel's buffers.
        #expect(32...100 ~= count)
    }

    @Test func clientThatDoesNotRead_getsNoFurtherReplies_untilItDoes() throws {
        let (client, other) = (try server.client(), try server.client())
        let value = String(repeating: "v", count: 1 << 20)
        try other.send(command: ["SET", "k", value])
        #expect(try other.reply() == "OK")
        #expect(try client.run("CLIENT SETNAME slow") == "OK")
        try client.send((0..<100).flatMap { _ in Client.encoded(["GET", "k"]) } + Client.encoded(["PING"]))
        var unread = 0
        repeat {
            let clients = try other.run("CLIENT LIST").split(separator: "\n")
            let line = try #require(clients.first { $0.contains("name=slow") })
            unread = try #require(line.firstMatch(of: /omem=(\d+)/).flatMap { Int($0.output.1) })
        } while unread == 0
        #expect(unread < 4 << 20)
        for _ in 0..<100 { #expect(try client.reply() == "\"\(value)\"") }
        #expect(try client.reply() == "PONG")
    }
}
