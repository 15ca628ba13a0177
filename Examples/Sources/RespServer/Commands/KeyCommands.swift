/// Keys, whatever they hold.
enum KeyCommands {
    static var all: [Command] {
        [
            Command("del", -2, .writes, remove),
            Command("unlink", -2, .writes, remove),
            Command("exists", -2, exists),
            Command("type", 2) { client, arguments in
                client.reply.simple(client.database.value(arguments[1])?.typeName ?? "none")
            },
            Command("rename", 3, .writes, rename),
            Command("expire", 3, .writes) { client, arguments throws(CommandError) in
                try expire(client, arguments, .seconds)
            },
            Command("pexpire", 3, .writes) { client, arguments throws(CommandError) in
                try expire(client, arguments, .milliseconds)
            },
            Command("expireat", 3, .writes) { client, arguments throws(CommandError) in
                try expire(client, arguments, .secondsSince1970)
            },
            Command("pexpireat", 3, .writes) { client, arguments throws(CommandError) in
                try expire(client, arguments, .millisecondsSince1970)
            },
            Command("ttl", 2) { client, arguments in
                // Rounded as redis does.
                replyTime(client, arguments[1]) { ($0 - WallClock.milliseconds + 500) / 1000 }
            },
            Command("pttl", 2) { client, arguments in
                replyTime(client, arguments[1]) { $0 - WallClock.milliseconds }
            },
            Command("expiretime", 2) { client, arguments in replyTime(client, arguments[1]) { ($0 + 500) / 1000 } },
            Command("pexpiretime", 2) { client, arguments in replyTime(client, arguments[1]) { $0 } },
            Command("persist", 2, .writes) { client, arguments in
                client.reply.integer(persist(client, arguments[1]) ? 1 : 0)
            },
            Command("object", -2, object),
        ]
    }

    private static func remove(_ client: Client, _ arguments: Arguments) {
        var count = 0
        for index in 1..<arguments.count where client.database.remove(arguments[index]) {
            client.changed(arguments[index], .generic, "del")
            count += 1
        }
        client.reply.integer(count)
    }

    private static func exists(_ client: Client, _ arguments: Arguments) {
        client.reply.integer((1..<arguments.count).count { client.database.value(arguments[$0]) != nil })
    }

    private static func rename(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let database = client.database
        guard let value = database.value(arguments[1]), let deadline = database.deadline(arguments[1]) else {
            throw .noSuchKey
        }
        _ = database.remove(arguments[1])
        database.set(arguments[2], value, deadline: deadline)
        client.changed(arguments[1], .generic, "rename_from")
        client.changed(arguments[2], .generic, "rename_to")
        client.reply.ok()
    }

    // MARK: Expiring

    private static func expire(_ client: Client, _ arguments: Arguments, _ unit: ExpireTime.Unit) throws(CommandError) {
        let deadline = try ExpireTime.deadline(arguments.integer(2), unit, of: arguments)
        client.reply.integer(expire(client, arguments[1], at: deadline) ? 1 : 0)
    }

    /// Sets a deadline; one in the past removes the key.
    ///
    /// - Returns: Whether there is such a key.
    @discardableResult
    static func expire(_ client: Client, _ key: Bytes, at deadline: Int) -> Bool {
        if deadline <= WallClock.milliseconds {
            guard client.database.remove(key) else { return false }
            client.changed(key, .generic, "del")
            client.service.replication.substitute([Array("DEL".utf8), Array(key)])
            return true
        }
        guard client.database.setDeadline(key, deadline) else { return false }
        client.changed(key, .generic, "expire")
        client.service.replication.substitute([Array("PEXPIREAT".utf8), Array(key), Decimal.bytes(deadline)])
        return true
    }

    @discardableResult
    static func persist(_ client: Client, _ key: Bytes) -> Bool {
        guard let deadline = client.database.deadline(key), deadline != Database.never else { return false }
        _ = client.database.setDeadline(key, Database.never)
        client.changed(key, .generic, "persist")
        client.service.replication.substitute([Array("PERSIST".utf8), Array(key)])
        return true
    }

    private static func replyTime(_ client: Client, _ key: Bytes, _ time: (_ deadline: Int) -> Int) {
        switch client.database.deadline(key) {
        case nil: client.reply.integer(-2)
        case Database.never: client.reply.integer(-1)
        case let deadline?: client.reply.integer(time(deadline))
        }
    }

    // MARK: Inspecting

    private static func object(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard arguments.count == 3 else { throw .wrongCount("object") }
        let key = arguments[2]
        guard let place = client.database.place(key), let value = client.database.value(key) else {
            return client.reply.null()
        }
        if arguments[1].spells("encoding") {
            client.reply.bulk(value.encoding)
        } else if arguments[1].spells("refcount") {
            client.reply.integer(value.referenceCount)
        } else if arguments[1].spells("idletime") {
            client.reply.integer(place.idle)
        } else {
            throw .unknownSubcommand(arguments[1], of: "object")
        }
    }
}

extension Value {
    /// Clients expect small numbers to be shared objects; here numbers are stored without an object.
    fileprivate var referenceCount: Int {
        if case .integer(0..<10_000) = self { Int(Int32.max) } else { 1 }
    }
}
