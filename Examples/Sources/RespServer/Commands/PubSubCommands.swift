/// Publishing and subscribing.
enum PubSubCommands {
    static var all: [Command] {
        let flags: Command.Flags = [.pushes, .allowedWhileSubscribed]
        return [
            Command("subscribe", -2, flags) { client, arguments in
                for index in 1..<arguments.count { subscribe(client, channel: arguments[index]) }
            },
            Command("psubscribe", -2, flags) { client, arguments in
                for index in 1..<arguments.count { subscribe(client, pattern: arguments[index]) }
            },
            Command("unsubscribe", -1, flags) { client, arguments in
                let names = arguments.count > 1 ? (1..<arguments.count).map(arguments.copied) : Array(client.channels)
                for name in names { name.lend { unsubscribe(client, channel: $0) } }
                if names.isEmpty { confirm(client, "unsubscribe", nil) }
            },
            Command("punsubscribe", -1, flags) { client, arguments in
                let names = arguments.count > 1 ? (1..<arguments.count).map(arguments.copied) : Array(client.patterns)
                for name in names { name.lend { unsubscribe(client, pattern: $0) } }
                if names.isEmpty { confirm(client, "punsubscribe", nil) }
            },
            Command("publish", 3) { client, arguments in
                client.reply.integer(client.service.pubSub.publish(arguments[1], arguments[2]))
            },
            Command("pubsub", -2, inspect),
        ]
    }

    private static func subscribe(_ client: Client, channel: Bytes) {
        client.subscribe(channel: channel)
        confirm(client, "subscribe", channel)
    }

    private static func subscribe(_ client: Client, pattern: Bytes) {
        client.subscribe(pattern: pattern)
        confirm(client, "psubscribe", pattern)
    }

    private static func unsubscribe(_ client: Client, channel: Bytes) {
        client.unsubscribe(channel: channel)
        confirm(client, "unsubscribe", channel)
    }

    private static func unsubscribe(_ client: Client, pattern: Bytes) {
        client.unsubscribe(pattern: pattern)
        confirm(client, "punsubscribe", pattern)
    }

    private static func confirm(_ client: Client, _ event: String, _ name: Bytes?) {
        client.reply.push(3)
        client.reply.bulk(event)
        if let name { client.reply.bulk(name) } else { client.reply.null() }
        client.reply.integer(client.subscriptionCount)
    }

    /// Executes `PUBSUB (CHANNELS [pattern] | NUMSUB [channel ...] | NUMPAT)`.
    private static func inspect(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let pubSub = client.service.pubSub
        if arguments[1].spells("channels"), arguments.count <= 3 {
            let channels = pubSub.channels(matching: arguments.count == 3 ? arguments[2] : nil)
            client.reply.array(channels.count)
            for channel in channels { client.reply.bulk(channel) }
        } else if arguments[1].spells("numsub") {
            client.reply.map(arguments.count - 2)
            for index in 2..<arguments.count {
                client.reply.bulk(arguments[index])
                client.reply.integer(pubSub.subscriberCount(arguments[index]))
            }
        } else if arguments[1].spells("numpat"), arguments.count == 2 {
            client.reply.integer(pubSub.patternCount)
        } else {
            throw .unknownSubcommand(arguments[1], of: "pubsub")
        }
    }
}
