/// Streams, as written by producers.
enum StreamCommands {
    static var all: [Command] {
        [
            Command("xadd", -5, [.writes, .grows], add),
            Command("xlen", 2) { client, arguments throws(CommandError) in
                client.reply.integer(try client.database.stream(arguments[1])?.entries.count ?? 0)
            },
            Command("xrange", 4) { client, arguments throws(CommandError) in
                guard let first = EventStream.ID(arguments[2], sequence: 0),
                    let last = EventStream.ID(arguments[3], sequence: .max)
                else { throw .invalidStreamID }
                let stream = try client.database.stream(arguments[1])
                reply(client, first <= last ? stream?.entries(first...last) ?? [] : [])
            },
        ]
    }

    /// Executes `XADD key (* | id) field value [field value ...]`.
    private static func add(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let key = arguments[1]
        guard !arguments.count.isMultiple(of: 2) else { throw .wrongCount("xadd") }
        let stream = try client.database.stream(key) ?? EventStream()
        let isAutomatic = arguments[2].spells("*")
        let id = isAutomatic ? stream.nextID(at: WallClock.milliseconds) : EventStream.ID(arguments[2], sequence: 0)
        guard let id else {
            throw isAutomatic ? CommandError("ERR The stream has exhausted the last possible ID") : .invalidStreamID
        }
        guard id > stream.lastID else {
            throw CommandError("ERR The ID specified in XADD is equal or smaller than the target stream top item")
        }
        if stream.lastID == .zero, stream.groups.isEmpty { client.database.set(key, .stream(stream)) }
        let fields = (3..<arguments.count).map(arguments.copied)
        stream.append(id, fields)
        client.changed(key, .stream, "xadd")
        client.service.replication.substitute([Array("XADD".utf8), Array(key), id.bytes] + fields)
        client.reply.bulk(id.bytes)
    }

    static func reply(_ client: Client, _ entries: some Collection<EventStream.Entry>) {
        client.reply.array(entries.count)
        for entry in entries {
            client.reply.array(2)
            client.reply.bulk(entry.id.bytes)
            client.reply.array(entry.fields.count)
            for field in entry.fields { client.reply.bulk(field) }
        }
    }
}

extension EventStream.ID {
    /// An id such as `1700000000000-5`, or `-` and `+` for the smallest and the largest.
    ///
    /// - Parameter sequence: The second number of an id with one number.
    init?(_ text: Bytes, sequence: UInt64) {
        switch text.text {
        case "-": self = .zero
        case "+": self = .last
        case let text:
            let parts = text.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count <= 2, let time = UInt64(parts[0]) else { return nil }
            guard let number = parts.count == 2 ? UInt64(parts[1]) : sequence else { return nil }
            self.init(time: time, number: number)
        }
    }
}

extension CommandError {
    static var invalidStreamID: Self { Self("ERR Invalid stream ID specified as stream command argument") }
}
