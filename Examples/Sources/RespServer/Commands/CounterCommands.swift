/// Strings that spell numbers.
enum CounterCommands {
    static var all: [Command] {
        [
            Command("incr", 2, [.writes, .grows]) { client, arguments throws(CommandError) in
                try add(client, arguments[1], 1)
            },
            Command("decr", 2, [.writes, .grows]) { client, arguments throws(CommandError) in
                try add(client, arguments[1], -1)
            },
            Command("incrby", 3, [.writes, .grows]) { client, arguments throws(CommandError) in
                try add(client, arguments[1], arguments.integer(2))
            },
            Command("decrby", 3, [.writes, .grows]) { client, arguments throws(CommandError) in
                let amount = try arguments.integer(2)
                guard amount != .min else { throw CommandError("ERR decrement would overflow") }
                try add(client, arguments[1], -amount)
            },
            Command("incrbyfloat", 3, [.writes, .grows], addFraction),
        ]
    }

    private static func add(_ client: Client, _ key: Bytes, _ amount: Int) throws(CommandError) {
        let old: Int? =
            switch client.database.value(key) {
            case nil: 0
            case .integer(let number): number
            case .string(let bytes), .edited(let bytes): bytes.lend { $0.integer }
            default: throw .wrongType
            }
        guard let old else { throw .notAnInteger }
        let (sum, overflows) = old.addingReportingOverflow(amount)
        guard !overflows else { throw .overflow }
        client.database.set(key, .integer(sum), deadline: nil)
        client.changed(key, .string, "incrby")
        client.reply.integer(sum)
    }

    private static func addFraction(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let key = arguments[1]
        let text = try client.database.text(key) ?? [UInt8(ascii: "0")]
        guard let old = text.lend({ $0.double }), let amount = arguments[2].double else { throw .notAFloat }
        let sum = old + amount
        guard sum.isFinite else { throw CommandError("ERR increment would produce NaN or Infinity") }
        let bytes = Decimal.bytes(sum)
        client.database.set(key, .string(bytes), deadline: nil)
        client.changed(key, .string, "incrbyfloat")
        client.service.replication.substitute([Array("SET".utf8), Array(key), bytes, Array("KEEPTTL".utf8)])
        client.reply.bulk(bytes)
    }
}
