/// Strings as a whole, or several of them at once.
enum StringCommands {
    static var all: [Command] {
        [
            Command("get", 2, get),
            Command("set", -3, [.writes, .grows], set),
            Command("setnx", 3, [.writes, .grows], setIfMissing),
            Command("setex", 4, [.writes, .grows]) { client, arguments throws(CommandError) in
                try setWithTime(client, arguments, .seconds)
            },
            Command("psetex", 4, [.writes, .grows]) { client, arguments throws(CommandError) in
                try setWithTime(client, arguments, .milliseconds)
            },
            Command("getset", 3, [.writes, .grows], getAndSet),
            Command("getdel", 2, .writes, getAndRemove),
            Command("getex", -2, .writes, getAndExpire),
            Command("mget", -2, getSeveral),
            Command("mset", -3, [.writes, .grows], setSeveral),
            Command("msetnx", -3, [.writes, .grows], setSeveralIfMissing),
            Command("strlen", 2, length),
        ]
    }

    // MARK: Reading

    static func get(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        try reply(client, client.database.value(arguments[1]))
    }

    private static func reply(_ client: Client, _ value: Value?) throws(CommandError) {
        switch value {
        case nil: client.reply.null()
        case .integer(let number): client.reply.bulk(number)
        case .string(let bytes), .edited(let bytes): client.reply.bulk(bytes)
        default: throw .wrongType
        }
    }

    private static func getSeveral(_ client: Client, _ arguments: Arguments) {
        client.reply.array(arguments.count - 1)
        for index in 1..<arguments.count {
            // Other types count as missing here.
            if let text = client.database.value(arguments[index])?.text {
                client.reply.bulk(text)
            } else {
                client.reply.null()
            }
        }
    }

    private static func length(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        client.reply.integer(try client.database.text(arguments[1])?.count ?? 0)
    }

    // MARK: Writing

    static func set(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        if arguments.count > 3 { return try set(client, arguments, SetOptions(arguments)) }
        let key = arguments[1]
        client.database.set(key, Value(text: arguments[2]))
        client.changed(key, .string, "set")
        client.reply.ok()
    }

    private static func set(_ client: Client, _ arguments: Arguments, _ options: SetOptions) throws(CommandError) {
        let key = arguments[1]
        let old = client.database.value(key)
        if options.getsOld, let old, old.text == nil { throw .wrongType }
        let isRefused = options.condition.map { ($0 == .exists) != (old != nil) } ?? false
        if !isRefused {
            client.database.set(key, Value(text: arguments[2]), deadline: options.deadline)
            client.changed(key, .string, "set")
            if let deadline = options.deadline, deadline != Database.never { expires(client, key, deadline) }
        }
        if options.getsOld { return try reply(client, old) }
        if isRefused { client.reply.null() } else { client.reply.ok() }
    }

    /// Replicas receive the time at which the key expires instead of a duration.
    private static func expires(_ client: Client, _ key: Bytes, _ deadline: Int) {
        client.changed(key, .generic, "expire")
        let value = client.database.value(key)?.text ?? []
        client.service.replication.substitute(
            [Array("SET".utf8), Array(key), value, Array("PXAT".utf8), Decimal.bytes(deadline)])
    }

    private static func setIfMissing(_ client: Client, _ arguments: Arguments) {
        let key = arguments[1]
        guard client.database.value(key) == nil else { return client.reply.integer(0) }
        client.database.set(key, Value(text: arguments[2]))
        client.changed(key, .string, "set")
        client.reply.integer(1)
    }

    private static func setWithTime(_ client: Client, _ arguments: Arguments, _ unit: ExpireTime.Unit)
        throws(CommandError)
    {
        let deadline = try ExpireTime.deadline(arguments, 2, unit)
        client.database.set(arguments[1], Value(text: arguments[3]), deadline: deadline)
        client.changed(arguments[1], .string, "set")
        expires(client, arguments[1], deadline)
        client.reply.ok()
    }

    private static func setSeveral(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        try checkPairs(arguments)
        setPairs(client, arguments)
        client.reply.ok()
    }

    private static func setSeveralIfMissing(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        try checkPairs(arguments)
        for index in stride(from: 1, to: arguments.count, by: 2) where client.database.value(arguments[index]) != nil {
            return client.reply.integer(0)
        }
        setPairs(client, arguments)
        client.reply.integer(1)
    }

    private static func checkPairs(_ arguments: Arguments) throws(CommandError) {
        guard !arguments.count.isMultiple(of: 2) else { throw .wrongCount(arguments[0].text.lowercased()) }
    }

    private static func setPairs(_ client: Client, _ arguments: Arguments) {
        for index in stride(from: 1, to: arguments.count, by: 2) {
            client.database.set(arguments[index], Value(text: arguments[index + 1]))
            client.changed(arguments[index], .string, "set")
        }
    }

    // MARK: Reading and writing

    private static func getAndSet(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let old = client.database.value(arguments[1])
        try reply(client, old)
        client.database.set(arguments[1], Value(text: arguments[2]))
        client.changed(arguments[1], .string, "set")
    }

    private static func getAndRemove(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let key = arguments[1]
        let old = client.database.value(key)
        try reply(client, old)
        guard old != nil, client.database.remove(key) else { return }
        client.changed(key, .generic, "del")
        client.service.replication.substitute([Array("DEL".utf8), Array(key)])
    }

    private static func getAndExpire(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let key = arguments[1]
        let deadline = try ExpireTime.option(arguments, from: 2)
        let old = client.database.value(key)
        try reply(client, old)
        guard let deadline, old != nil else { return }
        if deadline == Database.never {
            KeyCommands.persist(client, key)
        } else {
            KeyCommands.expire(client, key, at: deadline)
        }
    }
}
