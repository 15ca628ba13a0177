/// Lists, and waiting for their elements.
enum ListCommands {
    static var all: [Command] {
        [
            Command("lpush", -3, [.writes, .grows]) { client, arguments throws(CommandError) in
                try push(client, arguments, .left)
            },
            Command("rpush", -3, [.writes, .grows]) { client, arguments throws(CommandError) in
                try push(client, arguments, .right)
            },
            Command("lpushx", -3, [.writes, .grows]) { client, arguments throws(CommandError) in
                try pushIfExists(client, arguments, .left)
            },
            Command("rpushx", -3, [.writes, .grows]) { client, arguments throws(CommandError) in
                try pushIfExists(client, arguments, .right)
            },
            Command("lpop", -2, .writes) { client, arguments throws(CommandError) in
                try pop(client, arguments, .left)
            },
            Command("rpop", -2, .writes) { client, arguments throws(CommandError) in
                try pop(client, arguments, .right)
            },
            Command("blpop", -3, .writes) { client, arguments throws(CommandError) in
                try popOrWait(client, arguments, .left)
            },
            Command("brpop", -3, .writes) { client, arguments throws(CommandError) in
                try popOrWait(client, arguments, .right)
            },
            Command("llen", 2) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.list(arguments[1])?.count ?? 0)
            },
            Command("lindex", 3, element),
            Command("lset", 4, .writes, setElement),
            Command("lrange", 4, range),
            Command("ltrim", 4, .writes, trim),
        ]
    }

    private enum End {
        case left
        case right
    }

    // MARK: Pushing

    private static func push(_ client: Client, _ arguments: Arguments, _ end: End) throws(CommandError) {
        let list = try client.database.listToFill(arguments[1])
        for index in 2..<arguments.count {
            switch end {
            case .left: list.pushLeft(arguments.copied(index))
            case .right: list.pushRight(arguments.copied(index))
            }
        }
        client.changed(arguments[1], .list, end == .left ? "lpush" : "rpush")
        client.reply.integer(list.count)
        serveWaiters(client, arguments[1], list)
    }

    private static func pushIfExists(_ client: Client, _ arguments: Arguments, _ end: End) throws(CommandError) {
        guard try client.database.list(arguments[1]) != nil else { return client.reply.integer(0) }
        try push(client, arguments, end)
    }

    /// Hands elements to the clients that wait for them.
    private static func serveWaiters(_ client: Client, _ key: Bytes, _ list: List) {
        while list.count > 0,
            let waiter = client.service.listWaiters.next(DatabaseKey(database: client.database.index, key: Array(key)))
        {
            let element = take(client, key, list, waiter.takesLeft ? .left : .right)
            client.service.replication.add([Array((waiter.takesLeft ? "LPOP" : "RPOP").utf8), Array(key)])
            waiter.deliver((Array(key), element))
        }
    }

    // MARK: Popping

    /// Takes an element off a list that is not empty; an empty list has no key.
    private static func take(_ client: Client, _ key: Bytes, _ list: List, _ end: End) -> [UInt8] {
        let element = end == .left ? list.popLeft() : list.popRight()
        client.changed(key, .list, end == .left ? "lpop" : "rpop")
        removeIfEmpty(client, key, list)
        return element
    }

    private static func removeIfEmpty(_ client: Client, _ key: Bytes, _ list: List) {
        guard list.count == 0, client.database.remove(key) else { return }
        client.changed(key, .generic, "del")
    }

    private static func pop(_ client: Client, _ arguments: Arguments, _ end: End) throws(CommandError) {
        guard arguments.count <= 3 else { throw .syntax }
        let limit = arguments.count == 3 ? try arguments.integer(2) : nil
        if let limit, limit < 0 { throw CommandError("ERR value is out of range, must be positive") }
        guard let list = try client.database.list(arguments[1]) else {
            return limit == nil ? client.reply.null() : client.reply.nullArray()
        }
        guard let limit else { return client.reply.bulk(take(client, arguments[1], list, end)) }
        let count = min(limit, list.count)
        client.reply.array(count)
        for _ in 0..<count { client.reply.bulk(take(client, arguments[1], list, end)) }
    }

    private static func popOrWait(_ client: Client, _ arguments: Arguments, _ end: End) throws(CommandError) {
        guard let seconds = arguments[arguments.count - 1].double, seconds.isFinite else {
            throw CommandError("ERR timeout is not a float or out of range")
        }
        guard seconds >= 0 else { throw CommandError("ERR timeout is negative") }
        for index in 1..<arguments.count - 1 {
            guard let list = try client.database.list(arguments[index]) else { continue }
            reply(client.reply, (arguments.copied(index), take(client, arguments[index], list, end)))
            client.service.replication.substitute(
                [Array((end == .left ? "LPOP" : "RPOP").utf8), arguments.copied(index)])
            return
        }
        // A transaction waits for nothing.
        if client.transaction.isRunning { return client.reply.nullArray() }
        let keys = (1..<arguments.count - 1).map(arguments.copied)
        client.wait(for: keys, takesLeft: end == .left, seconds: min(seconds, 1e9)) { buffer, found in
            reply(buffer, found)
        }
    }

    private static func reply(_ buffer: ReplyBuffer, _ found: (key: [UInt8], element: [UInt8])?) {
        guard let found else { return buffer.nullArray() }
        buffer.array(2)
        buffer.bulk(found.key)
        buffer.bulk(found.element)
    }

    // MARK: Elements

    private static func element(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let index = try arguments.integer(2)
        guard let list = try client.database.list(arguments[1]), let index = list.index(index) else {
            return client.reply.null()
        }
        client.reply.bulk(list[index])
    }

    private static func setElement(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let index = try arguments.integer(2)
        guard let list = try client.database.list(arguments[1]) else { throw .noSuchKey }
        guard let index = list.index(index) else { throw CommandError("ERR index out of range") }
        list[index] = arguments.copied(3)
        client.changed(arguments[1], .list, "lset")
        client.reply.ok()
    }

    private static func range(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let (first, last) = (try arguments.integer(2), try arguments.integer(3))
        guard let list = try client.database.list(arguments[1]) else { return client.reply.array(0) }
        let range = (0..<list.count).part(from: first, through: last)
        client.reply.array(range.count)
        for index in range { client.reply.bulk(list[index]) }
    }

    private static func trim(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let (first, last) = (try arguments.integer(2), try arguments.integer(3))
        guard let list = try client.database.list(arguments[1]) else { return client.reply.ok() }
        list.replaceAll((0..<list.count).part(from: first, through: last).map { list[$0] })
        client.changed(arguments[1], .list, "ltrim")
        removeIfEmpty(client, arguments[1], list)
        client.reply.ok()
    }
}

extension List {
    /// The index from the left end, of one that counts from the right if it is negative.
    fileprivate func index(_ index: Int) -> Int? {
        let index = index < 0 ? count &+ index : index
        return 0..<count ~= index ? index : nil
    }
}
