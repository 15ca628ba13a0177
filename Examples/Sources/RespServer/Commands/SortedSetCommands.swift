/// Sets in the order of scores.
enum SortedSetCommands {
    static var all: [Command] {
        [
            Command("zadd", -4, [.writes, .grows], add),
            Command("zrem", -3, .writes, remove),
            Command("zrange", -4, range),
            Command("zcard", 2) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.sortedSet(arguments[1])?.count ?? 0)
            },
            Command("zscore", 3) { client, arguments throws(CommandError) in
                let score = try client.database.sortedSet(arguments[1])?.score(arguments[2])
                if let score { client.reply.double(score) } else { client.reply.null() }
            },
        ]
    }

    private static func add(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard arguments.count.isMultiple(of: 2) else { throw .syntax }
        var scores: [Double] = []
        for index in stride(from: 2, to: arguments.count, by: 2) {
            guard let score = arguments[index].double else { throw .notAFloat }
            scores.append(score)
        }
        let set: SortedSet
        if let found = try client.database.sortedSet(arguments[1]) {
            set = found
        } else {
            set = SortedSet()
            client.database.set(arguments[1], .sortedSet(set))
        }
        let count = scores.indices.count { set.set(arguments.copied(2 * $0 + 3), scores[$0]) }
        client.changed(arguments[1], .sortedSet, "zadd")
        client.reply.integer(count)
    }

    private static func remove(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard let set = try client.database.sortedSet(arguments[1]) else { return client.reply.integer(0) }
        let count = (2..<arguments.count).count { set.remove(arguments[$0]) }
        if count > 0 { client.changed(arguments[1], .sortedSet, "zrem") }
        if set.count == 0, client.database.remove(arguments[1]) { client.changed(arguments[1], .generic, "del") }
        client.reply.integer(count)
    }

    /// Executes `ZRANGE key first last [WITHSCORES]`, by rank.
    private static func range(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let (first, last) = (try arguments.integer(2), try arguments.integer(3))
        let withScores = arguments.count == 5 && arguments[4].spells("withscores")
        guard withScores || arguments.count == 4 else { throw .syntax }
        let members = try client.database.sortedSet(arguments[1])?.members ?? []
        let chosen = members[members.indices.part(from: first, through: last)]
        let arePairs = withScores && client.version > 2
        client.reply.array(withScores && !arePairs ? 2 * chosen.count : chosen.count)
        for member in chosen {
            if arePairs { client.reply.array(2) }
            client.reply.bulk(member.name)
            if withScores { client.reply.double(member.score) }
        }
    }
}
