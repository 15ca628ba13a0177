/// Sets of strings.
enum SetCommands {
    static var all: [Command] {
        [
            Command("sadd", -3, [.writes, .grows], add),
            Command("srem", -3, .writes, remove),
            Command("spop", 2, .writes, pop),
            Command("srandmember", -2, anyMember),
            Command("scard", 2) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.members(arguments[1])?.count ?? 0)
            },
            Command("sismember", 3) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.members(arguments[1])?.slot(of: arguments[2]) == nil ? 0 : 1)
            },
            Command("smembers", 2) { client, arguments throws(CommandError) in
                let members = try client.database.members(arguments[1])
                client.reply.set(members?.count ?? 0)
                members?.visit { member, _ in client.reply.bulk(member) }
            },
        ]
    }

    private static func add(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let members = try client.database.membersToFill(arguments[1])
        let count = (2..<arguments.count).count { members.set(arguments[$0], ()) }
        if count > 0 { client.changed(arguments[1], .set, "sadd") }
        client.reply.integer(count)
    }

    private static func remove(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard let members = try client.database.members(arguments[1]) else { return client.reply.integer(0) }
        let count = (2..<arguments.count).count { members.remove(arguments[$0]) != nil }
        if count > 0 { client.changed(arguments[1], .set, "srem") }
        removeIfEmpty(client, arguments[1], members)
        client.reply.integer(count)
    }

    private static func pop(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard let members = try client.database.members(arguments[1]), let slot = members.anySlot(),
            let (member, _) = members.entry(slot: slot)
        else { return client.reply.null() }
        members.remove(slot: slot)
        client.changed(arguments[1], .set, "spop")
        client.service.replication.substitute([Array("SREM".utf8), arguments.copied(1), member])
        removeIfEmpty(client, arguments[1], members)
        client.reply.bulk(member)
    }

    /// `SRANDMEMBER key [count]`: a negative count allows the same member several times.
    private static func anyMember(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard arguments.count <= 3 else { throw .syntax }
        let members = try client.database.members(arguments[1])
        guard arguments.count == 3 else {
            guard let members, let slot = members.anySlot(), let (member, _) = members.entry(slot: slot) else {
                return client.reply.null()
            }
            return client.reply.bulk(member)
        }
        let wanted = try arguments.integer(2)
        guard -Limits.words...Int.max ~= wanted else { throw .outOfRange }
        let all = members?.keys ?? []
        let chosen =
            wanted >= 0
            ? Array(all.shuffled().prefix(wanted)) : (0..<(all.isEmpty ? 0 : -wanted)).map { _ in all.randomElement()! }
        client.reply.array(chosen.count)
        for member in chosen { client.reply.bulk(member) }
    }

    private static func removeIfEmpty(_ client: Client, _ key: Bytes, _ members: ByteTable<Void>) {
        guard members.count == 0, client.database.remove(key) else { return }
        client.changed(key, .generic, "del")
    }
}
