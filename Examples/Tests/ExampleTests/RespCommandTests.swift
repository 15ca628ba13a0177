import Foundation
import Testing

/// Commands and their replies; redis's own tests (`make redis-suite`) cover the details.
@Suite struct RespCommandTests {
    private let server: RespServer
    private let client: Client

    init() throws {
        server = try RespServer()
        client = try server.client()
    }

    @Test(arguments: [
        [
            ("SET k v", "OK"), ("GET k", "\"v\""), ("SET k w NX", "nil"), ("SET k w GET", "\"v\""),
            ("DEL k none", "(1)"),
        ],
        [
            ("INCR n", "(1)"), ("INCRBY n 41", "(42)"), ("OBJECT ENCODING n", "\"int\""),
            ("INCRBYFLOAT n 0.5", "\"42.5\""),
        ],
        [
            ("SET k 10", "OK"), ("SETRANGE k 1 x", "(2)"), ("GET k", "\"1x\""),
            ("INCR k", "error: ERR value is not an integer or out of range"),
        ],
        [
            ("RPUSH l a b c", "(3)"), ("LPUSH l z", "(4)"), ("LRANGE l 1 -2", "[\"a\" \"b\"]"),
            ("LPOP l 2", "[\"z\" \"a\"]"), ("TYPE l", "list"),
        ],
        [
            ("HSET h f 1 g 2", "(2)"), ("HGET h g", "\"2\""), ("HINCRBY h f 5", "(6)"), ("HDEL h f g", "(2)"),
            ("EXISTS h", "(0)"),
        ],
        [("SADD s a b a", "(2)"), ("SISMEMBER s b", "(1)"), ("SREM s a", "(1)"), ("SMEMBERS s", "[\"b\"]")],
        [
            ("ZADD z 2 b 1 a", "(2)"), ("ZRANGE z 0 -1 WITHSCORES", "[\"a\" \"1\" \"b\" \"2\"]"), ("ZREM z a", "(1)"),
            ("ZSCORE z b", "\"2\""),
        ],
        [
            ("SET k v PX 60000", "OK"), ("TTL k", "(60)"), ("PERSIST k", "(1)"), ("TTL k", "(-1)"),
            ("EXPIRE k -1", "(1)"), ("TTL k", "(-2)"),
        ],
        [
            ("SELECT 3", "OK"), ("SET k v", "OK"), ("SELECT 0", "OK"), ("DBSIZE", "(0)"), ("FLUSHALL", "OK"),
            ("SELECT 99", "error: ERR DB index is out of range"),
        ],
        [
            ("LPUSH l x", "(1)"), ("GET l", "error: WRONGTYPE Operation against a key holding the wrong kind of value"),
            ("GETDEL l", "error: WRONGTYPE Operation against a key holding the wrong kind of value"), ("LLEN l", "(1)"),
        ],
        [
            ("MULTI", "OK"), ("SET k 1", "QUEUED"), ("INCR k", "QUEUED"), ("EXEC", "[OK (2)]"),
            ("EXEC", "error: ERR EXEC without MULTI"),
        ],
        [
            ("MULTI", "OK"), ("GET", "error: ERR wrong number of arguments for 'get' command"),
            ("EXEC", "error: EXECABORT Transaction discarded because of previous errors."),
        ],
        [
            ("HELLO 4", "error: NOPROTO unsupported protocol version"), ("CONFIG SET maxmemory 1mb", "OK"),
            ("CONFIG GET maxm?mory", "[\"maxmemory\" \"1048576\"]"),
        ],
    ])
    func commands_haveTheirReplies(_ exchange: [(command: String, reply: String)]) throws {
        for (command, reply) in exchange { #expect(try client.run(command) == reply, "\(command)") }
    }

    @Test func version3_hasTypesOfItsOwn() throws {
        #expect(try client.run("HELLO 3").hasPrefix("{\"server\" \"RespServer\""))
        #expect(try client.run("GET none") == "nil")
        #expect(try client.run("HSET h f v") == "(1)")
        #expect(try client.run("HGETALL h") == "{\"f\" \"v\"}")
        #expect(try client.run("SADD s m") == "(1)")
        #expect(try client.run("SMEMBERS s") == "~[\"m\"]")
        #expect(try client.run("ZADD z 1.5 m") == "(1)")
        #expect(try client.run("ZSCORE z m") == ",1.5")
    }

    @Test func largeValue_returnsWhole() throws {
        let value = String(repeating: "0123456789abcdef", count: 1 << 19)
        try client.send(command: ["SET", "k", value])
        #expect(try client.reply() == "OK")
        #expect(try client.run("GET k") == "\"\(value)\"")
        #expect(try client.run("STRLEN k") == "(\(value.utf8.count))")
    }

    @Test func pipelinedCommands_areAnsweredInOrder() throws {
        let commands =
            (0..<5000).map { ["SET", "key:\($0)", "value \($0)"] } + (0..<5000).map { ["GET", "key:\($0)"] }
        try client.send(commands.flatMap(Client.encoded))
        for _ in 0..<5000 { #expect(try client.reply() == "OK") }
        for index in 0..<5000 { #expect(try client.reply() == "\"value \(index)\"") }
    }

    @Test func watchedKey_thatChanges_endsTheTransaction() throws {
        let other = try server.client()
        #expect(try client.run("WATCH k") == "OK")
        #expect(try other.run("SET k 1") == "OK")
        #expect(try client.run("MULTI") == "OK")
        #expect(try client.run("SET k 2") == "QUEUED")
        #expect(try client.run("EXEC") == "nil")
        #expect(try other.run("GET k") == "\"1\"")
    }

    @Test func blockingPop_waits_andCommandsBehindItWaitToo() throws {
        let producer = try server.client()
        try client.send(Client.encoded(["BLPOP", "l", "0"]) + Client.encoded(["PING"]))
        // The server has read them when it answers another client.
        while try !producer.run("CLIENT LIST").contains("qbuf=14") {}
        #expect(client.isQuiet(for: 0))
        #expect(try producer.run("RPUSH l a b") == "(2)")
        #expect(try client.reply() == "[\"l\" \"a\"]")
        #expect(try client.reply() == "PONG")
        #expect(try client.run("BLPOP none 0.01") == "nil")
    }

    @Test func quit_ignoresWhatFollows() throws {
        try client.send(Client.encoded(["QUIT"]) + Client.encoded(["SET", "k", "v"]))
        #expect(try client.reply() == "OK")
        #expect(try client.isAtEnd())
        #expect(try server.client().run("EXISTS k") == "(0)")
    }

    @Test func expiredKey_isGone_andItsEventIsPublished() throws {
        let subscriber = try server.client()
        #expect(try client.run("CONFIG SET notify-keyspace-events Ex") == "OK")
        #expect(
            try subscriber.run("SUBSCRIBE __keyevent@0__:expired") == "[\"subscribe\" \"__keyevent@0__:expired\" (1)]")
        #expect(try client.run("SET k v PX 1") == "OK")
        #expect(try subscriber.reply() == "[\"message\" \"__keyevent@0__:expired\" \"k\"]")
        #expect(try client.run("DBSIZE") == "(0)")
    }

    @Test func replica_getsASnapshot_andEveryChange() throws {
        #expect(try client.run("SET k v") == "OK")
        let replica = try server.client()
        try replica.send("SYNC\r\n")
        let length = try #require(Int(try replica.line().dropFirst().dropLast()))
        let snapshot = try replica.bytes(length)
        #expect(snapshot.starts(with: Array("REDIS0009".utf8) + [0xFE, 0, 0, 1, 0x6B, 1, 0x76, 0xFF]))
        #expect(try client.run("INCRBYFLOAT n 1.5") == "\"1.5\"")
        #expect(try replica.reply() == "[\"SELECT\" \"0\"]")
        #expect(try replica.reply() == "[\"SET\" \"n\" \"1.5\" \"KEEPTTL\"]")
    }

    @Test func interrupt_endsTheServer_withClients() throws {
        #expect(try client.run("PING") == "PONG")
        server.program.signal(SIGINT)
        #expect(try client.isAtEnd())
        let (status, _, errors) = try server.program.end()
        #expect(status == 0)
        #expect(errors.isEmpty)
    }
}
