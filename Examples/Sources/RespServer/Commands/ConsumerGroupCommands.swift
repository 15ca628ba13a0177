/// Streams, read by groups of consumers: each entry is delivered to one consumer of a group.
enum ConsumerGroupCommands {
    static var all: [Command] {
        [
            Command("xgroup", -4, [.writes, .grows], manage),
            Command("xreadgroup", -7, .writes, read),
            Command("xack", -4, .writes, acknowledge),
            Command("xclaim", -6, .writes, claim),
            Command("xautoclaim", -6, .writes, claimIdle),
        ]
    }

    private static func group(_ client: Client, _ key: Bytes, _ name: Bytes) throws(CommandError) -> EventStream.Group {
        guard let group = try client.database.stream(key)?.groups[Array(name)] else {
            throw CommandError("NOGROUP No such key '\(key.text)' or consumer group '\(name.text)'")
        }
        return group
    }

    /// Adds a consumer, if it is new.
    @discardableResult
    private static func add(_ consumer: Bytes, to group: EventStream.Group, _ client: Client, _ key: Bytes) -> Bool {
        guard group.consumers.insert(Array(consumer)).inserted else { return false }
        client.changed(key, .stream, "xgroup-createconsumer")
        return true
    }

    // MARK: Groups

    private static func manage(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let key = arguments[2]
        if arguments[1].spells("create"), arguments.count >= 5 { return try create(client, arguments) }
        if arguments[1].spells("destroy"), arguments.count == 4 {
            let removed = try client.database.stream(key)?.groups.removeValue(forKey: arguments.copied(3))
            if removed != nil { client.changed(key, .stream, "xgroup-destroy") }
            return client.reply.integer(removed == nil ? 0 : 1)
        }
        guard arguments.count == 5 else { throw .unknownSubcommand(arguments[1], of: "xgroup") }
        let group = try group(client, key, arguments[3])
        if arguments[1].spells("createconsumer") {
            client.reply.integer(add(arguments[4], to: group, client, key) ? 1 : 0)
        } else if arguments[1].spells("delconsumer") {
            remove(arguments.copied(4), from: group, client, key)
        } else {
            throw .unknownSubcommand(arguments[1], of: "xgroup")
        }
    }

    /// Executes `XGROUP CREATE key group (id | $) [MKSTREAM]`.
    private static func create(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let key = arguments[2]
        let makesStream = arguments.count == 6 && arguments[5].spells("mkstream")
        guard makesStream || arguments.count == 5 else { throw .syntax }
        var stream = try client.database.stream(key)
        if stream == nil, makesStream {
            let new = EventStream()
            client.database.set(key, .stream(new))
            stream = new
        }
        guard let stream else {
            throw CommandError("ERR The XGROUP subcommand requires the key to exist. Use MKSTREAM to create it.")
        }
        guard stream.groups[arguments.copied(3)] == nil else {
            throw CommandError("BUSYGROUP Consumer Group name already exists")
        }
        let start = arguments[4].spells("$") ? stream.lastID : EventStream.ID(arguments[4], sequence: 0)
        guard let start else { throw .invalidStreamID }
        stream.groups[arguments.copied(3)] = EventStream.Group(after: start)
        client.changed(key, .stream, "xgroup-create")
        client.reply.ok()
    }

    private static func remove(_ consumer: [UInt8], from group: EventStream.Group, _ client: Client, _ key: Bytes) {
        let owned = group.pending.filter { $0.value.consumer == consumer }
        for id in owned.keys { group.pending[id] = nil }
        if group.consumers.remove(consumer) != nil { client.changed(key, .stream, "xgroup-delconsumer") }
        client.reply.integer(owned.count)
    }

    // MARK: Reading

    /// `XREADGROUP GROUP group consumer [COUNT count] STREAMS key (> | id)`, which does not wait.
    private static func read(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        var limit = Int.max
        var index = 4
        if arguments[index].spells("count") {
            limit = max(0, try arguments.integer(index + 1))
            index += 2
        }
        guard arguments[1].spells("group"), arguments.count == index + 3, arguments[index].spells("streams") else {
            throw .syntax
        }
        let key = arguments[index + 1]
        let group = try group(client, key, arguments[2])
        guard let stream = try client.database.stream(key) else { return client.reply.nullArray() }
        let isNew = arguments[index + 2].spells(">")
        guard let start = isNew ? group.lastDelivered : EventStream.ID(arguments[index + 2], sequence: 0) else {
            throw .invalidStreamID
        }
        let consumer = arguments.copied(3)
        add(arguments[3], to: group, client, key)
        var found = Array(stream.entries(after: start))
        if isNew {
            found = Array(found.prefix(limit))
            for entry in found { deliver(entry.id, to: consumer, group) }
            if let last = found.last { group.lastDelivered = last.id }
        } else {
            found = Array(found.filter { group.pending[$0.id]?.consumer == consumer }.prefix(limit))
        }
        if found.isEmpty, isNew { return client.reply.nullArray() }
        if client.version > 2 { client.reply.map(1) } else { client.reply.array(1) }
        if client.version == 2 { client.reply.array(2) }
        client.reply.bulk(key)
        StreamCommands.reply(client, found)
    }

    private static func deliver(_ id: EventStream.ID, to consumer: [UInt8], _ group: EventStream.Group) {
        let count = group.pending[id]?.count ?? 0
        group.pending[id] = .init(consumer: consumer, time: WallClock.milliseconds, count: count + 1)
    }

    private static func acknowledge(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let group = try client.database.stream(arguments[1])?.groups[arguments.copied(2)]
        var count = 0
        for index in 3..<arguments.count {
            guard let id = EventStream.ID(arguments[index], sequence: 0) else { throw .invalidStreamID }
            if group?.pending.removeValue(forKey: id) != nil { count += 1 }
        }
        client.reply.integer(count)
    }

    // MARK: Claiming what another consumer does not acknowledge

    /// Executes `XCLAIM key group consumer min-idle-time id [id ...] [FORCE]`.
    private static func claim(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let group = try group(client, arguments[1], arguments[2])
        let idle = try arguments.integer(4)
        var ids: [EventStream.ID] = []
        var forces = false
        for index in 5..<arguments.count {
            if let id = EventStream.ID(arguments[index], sequence: 0) {
                ids.append(id)
            } else if arguments[index].spells("force") {
                forces = true
            } else {
                throw .syntax
            }
        }
        add(arguments[3], to: group, client, arguments[1])
        let stream = try client.database.stream(arguments[1])
        let now = WallClock.milliseconds
        var claimed: [EventStream.Entry] = []
        for id in ids {
            guard let entry = stream?.entry(id) else { continue }
            guard group.pending[id].map({ now - $0.time >= idle }) ?? forces else { continue }
            deliver(id, to: arguments.copied(3), group)
            claimed.append(entry)
        }
        StreamCommands.reply(client, claimed)
    }

    /// Executes `XAUTOCLAIM key group consumer min-idle-time start [COUNT count]`.
    private static func claimIdle(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let group = try group(client, arguments[1], arguments[2])
        let idle = try arguments.integer(4)
        guard let start = EventStream.ID(arguments[5], sequence: 0) else { throw .invalidStreamID }
        var limit = 100
        if arguments.count == 8, arguments[6].spells("count") {
            limit = max(1, try arguments.integer(7))
        } else if arguments.count > 6 {
            throw .syntax
        }
        add(arguments[3], to: group, client, arguments[1])
        let stream = try client.database.stream(arguments[1])
        let now = WallClock.milliseconds
        let waiting = group.pending.filter { $0.key >= start && now - $0.value.time >= idle }.keys.sorted()
        let claimed = waiting.prefix(limit).compactMap { stream?.entry($0) }
        for entry in claimed { deliver(entry.id, to: arguments.copied(3), group) }
        client.reply.array(3)
        client.reply.bulk((waiting.dropFirst(limit).first ?? .zero).bytes)
        StreamCommands.reply(client, claimed)
        // The ids of entries that no longer exist; entries are never removed.
        client.reply.array(0)
    }
}
