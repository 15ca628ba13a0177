/// `DEBUG`, as far as tests of clients and servers use it.
enum DebugCommand {
    static var all: [Command] { [Command("debug", -2, debug)] }

    private static func debug(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        if arguments[1].spells("protocol"), arguments.count == 3 {
            try replyExample(client.reply, arguments[2])
        } else if arguments[1].spells("object"), arguments.count == 3 {
            guard let place = client.database.place(arguments[2]), let value = client.database.value(arguments[2])
            else {
                throw .noSuchKey
            }
            // Values are in slots of a table.
            client.reply.simple(
                "Value at:\(place.slot) refcount:1 encoding:\(value.encoding) lru_seconds_idle:\(place.idle)")
        } else if arguments[1].spells("set-active-expire"), arguments.count == 3 {
            client.service.removesExpired = arguments[2].spells("1")
            client.reply.ok()
        } else if arguments[1].spells("log"), arguments.count >= 3 {
            // This server has no log.
            client.reply.ok()
        } else {
            throw .unknownSubcommand(arguments[1], of: "debug")
        }
    }

    /// Answers with a value of a type of the protocol.
    private static func replyExample(_ reply: ReplyBuffer, _ type: Bytes) throws(CommandError) {
        switch type.text.lowercased() {
        case "string": reply.bulk("Hello World")
        case "integer": reply.integer(12345)
        case "double": reply.double(3.141)
        case "null": reply.null()
        case "true": reply.boolean(true)
        case "false": reply.boolean(false)
        case "bignum": reply.bigNumber("1234567999999999999999999999999999999")
        case "verbatim": reply.verbatim("This is a verbatim\nstring")
        case "array":
            reply.array(3)
            for number in 0..<3 { reply.integer(number) }
        case "set":
            reply.set(3)
            for number in 0..<3 { reply.integer(number) }
        case "map":
            reply.map(3)
            for number in 0..<3 {
                reply.integer(number)
                reply.boolean(number == 1)
            }
        case "attrib":
            reply.attribute(1) {
                reply.bulk("key-popularity")
                reply.array(2)
                reply.bulk("key:123")
                reply.integer(90)
            }
            reply.bulk("Some real reply following the attribute")
        case "push":
            reply.push(2)
            reply.bulk("server-cpu-usage")
            reply.integer(42)
        default:
            throw CommandError(
                "ERR Wrong protocol type name. Please use one of the following: string|integer|double|null|array|set|"
                    + "map|attrib|push|verbatim|true|false|bignum")
        }
    }
}
