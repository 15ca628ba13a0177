/// Hashes: tables of fields with strings.
enum HashCommands {
    static var all: [Command] {
        [
            Command("hset", -4, [.writes, .grows]) { client, arguments throws(CommandError) in
                client.reply.integer(try set(client, arguments))
            },
            Command("hmset", -4, [.writes, .grows]) { client, arguments throws(CommandError) in
                _ = try set(client, arguments)
                client.reply.ok()
            },
            Command("hsetnx", 4, [.writes, .grows], setIfMissing),
            Command("hincrby", 4, [.writes, .grows], add),
            Command("hdel", -3, .writes, remove),
            Command("hget", 3) { client, arguments throws(CommandError) in
                reply(client, try client.database.hash(arguments[1])?[arguments[2]])
            },
            Command("hmget", -3) { client, arguments throws(CommandError) in
                let hash = try client.database.hash(arguments[1])
                client.reply.array(arguments.count - 2)
                for index in 2..<arguments.count { reply(client, hash?[arguments[index]]) }
            },
            Command("hexists", 3) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.hash(arguments[1])?.slot(of: arguments[2]) == nil ? 0 : 1)
            },
            Command("hlen", 2) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.hash(arguments[1])?.count ?? 0)
            },
            Command("hstrlen", 3) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.hash(arguments[1])?[arguments[2]]?.count ?? 0)
            },
            Command("hgetall", 2) { client, arguments throws(CommandError) in
                let hash = try client.database.hash(arguments[1])
                client.reply.map(hash?.count ?? 0)
                hash?.visit { field, value in
                    client.reply.bulk(field)
                    client.reply.bulk(value)
                }
            },
            Command("hkeys", 2) { client, arguments throws(CommandError) in
                let hash = try client.database.hash(arguments[1])
                client.reply.array(hash?.count ?? 0)
                hash?.visit { field, _ in client.reply.bulk(field) }
            },
            Command("hvals", 2) { client, arguments throws(CommandError) in
                let hash = try client.database.hash(arguments[1])
                client.reply.array(hash?.count ?? 0)
                hash?.visit { _, value in client.reply.bulk(value) }
            },
        ]
    }

    private static func reply(_ client: Client, _ value: [UInt8]?) {
        if let value { client.reply.bulk(value) } else { client.reply.null() }
    }

    /// - Returns: How many fields are new.
    private static func set(_ client: Client, _ arguments: Arguments) throws(CommandError) -> Int {
        guard arguments.count.isMultiple(of: 2) else { throw .wrongCount(arguments[0].text.lowercased()) }
        let hash = try client.database.hashToFill(arguments[1])
        var added = 0
        for index in stride(from: 2, to: arguments.count, by: 2) {
            if hash.set(arguments[index], arguments.copied(index + 1)) { added += 1 }
        }
        client.changed(arguments[1], .hash, "hset")
        return added
    }

    private static func setIfMissing(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let hash = try client.database.hashToFill(arguments[1])
        guard hash.slot(of: arguments[2]) == nil else { return client.reply.integer(0) }
        hash.insert(arguments.copied(2), arguments.copied(3))
        client.changed(arguments[1], .hash, "hset")
        client.reply.integer(1)
    }

    private static func add(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let amount = try arguments.integer(3)
        let text = try client.database.hash(arguments[1])?[arguments[2]] ?? [UInt8(ascii: "0")]
        guard let old = text.lend({ $0.integer }) else { throw CommandError("ERR hash value is not an integer") }
        let (sum, overflows) = old.addingReportingOverflow(amount)
        guard !overflows else { throw .overflow }
        try client.database.hashToFill(arguments[1]).set(arguments[2], Decimal.bytes(sum))
        client.changed(arguments[1], .hash, "hincrby")
        client.reply.integer(sum)
    }

    private static func remove(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard let hash = try client.database.hash(arguments[1]) else { return client.reply.integer(0) }
        let count = (2..<arguments.count).count { hash.remove(arguments[$0]) != nil }
        if count > 0 { client.changed(arguments[1], .hash, "hdel") }
        if hash.count == 0, client.database.remove(arguments[1]) { client.changed(arguments[1], .generic, "del") }
        client.reply.integer(count)
    }
}
