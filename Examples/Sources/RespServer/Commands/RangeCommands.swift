/// Parts of strings, and their bits.
enum RangeCommands {
    static var all: [Command] {
        [
            Command("append", 3, [.writes, .grows], append),
            Command("getrange", 4, getRange),
            Command("substr", 4, getRange),
            Command("setrange", 4, [.writes, .grows], setRange),
            Command("getbit", 3, getBit),
            Command("setbit", 4, [.writes, .grows], setBit),
        ]
    }

    private static func append(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let length = try client.database.text(arguments[1])?.count ?? 0
        guard length + arguments[2].count <= Limits.word else { throw .tooLong }
        try client.database.edit(arguments[1]) { $0.append(contentsOf: arguments[2]) }
        client.changed(arguments[1], .string, "append")
        client.reply.integer(length + arguments[2].count)
    }

    private static func getRange(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let (first, last) = (try arguments.integer(2), try arguments.integer(3))
        let text = try client.database.text(arguments[1]) ?? []
        client.reply.bulk(Array(text[text.indices.part(from: first, through: last)]))
    }

    private static func setRange(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let (offset, part) = (try arguments.integer(2), arguments[3])
        guard offset >= 0 else { throw CommandError("ERR offset is out of range") }
        let length = try client.database.text(arguments[1])?.count ?? 0
        guard !part.isEmpty else { return client.reply.integer(length) }
        guard offset <= Limits.word - part.count else { throw .tooLong }
        try client.database.edit(arguments[1]) { text in
            text.pad(to: offset + part.count)
            text.replaceSubrange(offset..<offset + part.count, with: part)
        }
        client.changed(arguments[1], .string, "setrange")
        client.reply.integer(max(length, offset + part.count))
    }

    // MARK: Bits; number 0 is the highest bit of the first byte

    private static func offset(_ arguments: Arguments) throws(CommandError) -> Int {
        guard let offset = arguments[2].integer, 0..<8 * Limits.word ~= offset else {
            throw CommandError("ERR bit offset is not an integer or out of range")
        }
        return offset
    }

    private static func getBit(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let offset = try offset(arguments)
        let text = try client.database.text(arguments[1]) ?? []
        client.reply.integer(offset / 8 < text.count ? Int(text[offset / 8] >> (7 - offset % 8)) & 1 : 0)
    }

    private static func setBit(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let offset = try offset(arguments)
        guard let bit = arguments[3].integer, 0...1 ~= bit else {
            throw CommandError("ERR bit is not an integer or out of range")
        }
        var old: UInt8 = 0
        try client.database.edit(arguments[1]) { text in
            text.pad(to: offset / 8 + 1)
            let mask = UInt8(1) << (7 - offset % 8)
            old = text[offset / 8] & mask
            text[offset / 8] = bit == 1 ? text[offset / 8] | mask : text[offset / 8] & ~mask
        }
        client.changed(arguments[1], .string, "setbit")
        client.reply.integer(old == 0 ? 0 : 1)
    }
}

extension [UInt8] {
    fileprivate mutating func pad(to length: Int) {
        if count < length { append(contentsOf: repeatElement(0, count: length - count)) }
    }
}

extension Range<Int> {
    /// The part between two positions, both included; negative ones count from the end.
    func part(from first: Int, through last: Int) -> Range<Int> {
        let first = first < 0 ? Swift.max(0, count &+ first) : first
        let last = last < 0 ? count &+ last : Swift.min(last, count - 1)
        return first <= last ? first..<last + 1 : 0..<0
    }
}
