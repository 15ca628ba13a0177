/// The connection itself.
enum ConnectionCommands {
    static var all: [Command] {
        [
            Command("ping", -1, .allowedWhileSubscribed, ping),
            Command("echo", 2) { client, arguments in client.reply.bulk(arguments[1]) },
            Command("quit", -1, [.allowedWhileSubscribed, .immediate]) { client, _ in
                client.isQuitting = true
                client.reply.ok()
            },
            Command("reset", 1, [.allowedWhileSubscribed, .immediate]) { client, _ in
                client.reset()
                client.reply.simple("RESET")
            },
            Command("hello", -1, hello),
            Command("auth", -2) { _, _ throws(CommandError) in
                throw CommandError("ERR AUTH <password> called without any password configured for the default user.")
            },
            Command("client", -2, client),
        ]
    }

    private static func ping(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard arguments.count <= 2 else { throw .wrongCount("ping") }
        if client.version == 2, client.subscriptionCount > 0 {
            client.reply.array(2)
            client.reply.bulk("pong")
            if arguments.count == 2 { client.reply.bulk(arguments[1]) } else { client.reply.bulk("") }
        } else if arguments.count == 2 {
            client.reply.bulk(arguments[1])
        } else {
            client.reply.pong()
        }
    }

    /// Executes `HELLO [version [SETNAME name]]`.
    private static func hello(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        var version = client.version
        if arguments.count > 1 {
            guard let wanted = arguments[1].integer, 2...3 ~= wanted else {
                throw CommandError("NOPROTO unsupported protocol version")
            }
            version = wanted
        }
        if arguments.count == 4, arguments[2].spells("setname") {
            try setName(client, arguments[3])
        } else if arguments.count > 2 {
            throw CommandError("ERR Syntax error in HELLO option '\(arguments[2].text)'")
        }
        client.version = version
        client.reply.version = version
        client.reply.map(5)
        for (key, value) in [("server", "RespServer"), ("version", Server.version), ("mode", "standalone")] {
            client.reply.bulk(key)
            client.reply.bulk(value)
        }
        for (key, value) in [("proto", version), ("id", client.id)] {
            client.reply.bulk(key)
            client.reply.integer(value)
        }
    }

    private static func client(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        if arguments[1].spells("id") {
            client.reply.integer(client.id)
        } else if arguments[1].spells("getname") {
            if client.name.isEmpty { client.reply.null() } else { client.reply.bulk(client.name) }
        } else if arguments[1].spells("setname"), arguments.count == 3 {
            try setName(client, arguments[2])
            client.reply.ok()
        } else if arguments[1].spells("info") {
            client.reply.verbatim(client.summary + "\n")
        } else if arguments[1].spells("list") {
            let peers = client.service.peers.values.sorted { $0.id < $1.id }
            client.reply.verbatim(peers.map { $0.summary + "\n" }.joined())
        } else if arguments[1].spells("kill"), arguments.count == 4, arguments[2].spells("id") {
            guard let peer = client.service.peers[try arguments.integer(3)] else { return client.reply.integer(0) }
            peer.kill()
            client.reply.integer(1)
        } else if arguments[1].spells("reply"), arguments.count == 3 {
            try setSilence(client, arguments[2])
        } else {
            throw .unknownSubcommand(arguments[1], of: "client")
        }
    }

    private static func setName(_ client: Client, _ name: Bytes) throws(CommandError) {
        // The list of clients separates its words with blanks.
        guard name.allSatisfy({ 0x21...0x7E ~= $0 }) else {
            throw CommandError("ERR Client names cannot contain spaces, newlines or special characters.")
        }
        client.name = Array(name)
    }

    private static func setSilence(_ client: Client, _ word: Bytes) throws(CommandError) {
        if word.spells("on") {
            client.silence = .none
            client.reply.ok()
        } else if word.spells("off") {
            client.silence = .all
        } else if word.spells("skip") {
            client.silence = client.silence == .all ? .all : .next
        } else {
            throw .syntax
        }
    }
}
