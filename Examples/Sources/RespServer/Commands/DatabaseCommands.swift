/// Databases as a whole.
enum DatabaseCommands {
    static var all: [Command] {
        [
            Command("select", 2, select),
            Command("dbsize", 1) { client, _ in client.reply.integer(client.database.count) },
            Command("keys", 2, keys),
            Command("randomkey", 1) { client, _ in
                if let key = client.database.anyKey() { client.reply.bulk(key) } else { client.reply.null() }
            },
            Command("flushdb", -1, .writes) { client, _ in
                client.database.removeAll()
                client.service.allChanged()
                client.reply.ok()
            },
            Command("flushall", -1, .writes) { client, _ in
                client.service.store.removeAll()
                client.service.allChanged()
                client.reply.ok()
            },
        ]
    }

    private static func select(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard let index = arguments[1].integer else { throw CommandError("ERR invalid DB index") }
        let databases = client.service.store.databases
        guard databases.indices.contains(index) else { throw CommandError("ERR DB index is out of range") }
        client.database = databases[index]
        client.reply.ok()
    }

    private static func keys(_ client: Client, _ arguments: Arguments) {
        var found: [[UInt8]] = []
        client.database.visit { key, _, _ in
            if key.lend({ Glob.matches(arguments[1], $0) }) { found.append(key) }
        }
        client.reply.array(found.count)
        for key in found { client.reply.bulk(key) }
    }
}
