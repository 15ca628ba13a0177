/// The server: settings, figures, copies.
enum ServerCommands {
    static var all: [Command] {
        [
            Command("config", -2, config),
            Command("info", -1) { client, _ in client.reply.verbatim(Server.info(client.service)) },
            Command("time", 1) { client, _ in
                let now = WallClock.milliseconds
                client.reply.array(2)
                client.reply.bulk(now / 1000)
                client.reply.bulk(now % 1000 * 1000)
            },
            Command("memory", -2, memory),
            Command("function", -2) { client, arguments throws(CommandError) in
                // This server has no functions to remove.
                guard arguments[1].spells("flush") else { throw .unknownSubcommand(arguments[1], of: "function") }
                client.reply.ok()
            },
            Command("replconf", -1) { client, _ in client.reply.ok() },
            Command("sync", 1, sync),
        ]
    }

    /// Executes `CONFIG (GET pattern [pattern ...] | SET name value [name value ...] | RESETSTAT)`.
    private static func config(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let service = client.service
        if arguments[1].spells("get"), arguments.count > 2 {
            let found = service.settings.all.filter { setting in
                (2..<arguments.count).contains { index in
                    Array(setting.name.utf8).lend { Glob.matches(arguments[index], $0) }
                }
            }
            client.reply.map(found.count)
            for setting in found {
                client.reply.bulk(setting.name)
                client.reply.bulk(setting.value)
            }
        } else if arguments[1].spells("set"), arguments.count >= 4, arguments.count.isMultiple(of: 2) {
            var settings = service.settings
            for index in stride(from: 2, to: arguments.count, by: 2) {
                try settings.set(arguments[index].text.lowercased(), to: arguments[index + 1].text)
            }
            service.settings = settings
            _ = service.makeSpace()
            client.reply.ok()
        } else if arguments[1].spells("resetstat"), arguments.count == 2 {
            service.commands = 0
            service.connections = 0
            client.reply.ok()
        } else {
            throw .unknownSubcommand(arguments[1], of: "config")
        }
    }

    /// Executes `MEMORY USAGE key`.
    private static func memory(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        guard arguments[1].spells("usage"), arguments.count == 3 else {
            throw .unknownSubcommand(arguments[1], of: "memory")
        }
        guard let value = client.database.value(arguments[2]) else { return client.reply.null() }
        client.reply.integer(value.memory + arguments[2].count)
    }

    /// Sends a snapshot, and every change from then on.
    private static func sync(_ client: Client, _ arguments: Arguments) throws(CommandError) {
        let snapshot = try Snapshot.make(client.service.store)
        client.isReplica = true
        client.service.replication.add(client)
        client.reply.file(snapshot)
    }
}

/// Facts about the server.
enum Server {
    static let version = "7.0.0"

    /// The text of `INFO`.
    static func info(_ service: Service) -> String {
        let uptime = Int(service.began.duration(to: service.loop.time) / .seconds(1))
        var lines = [
            "# Server", "redis_version:\(version)", "server_name:RespServer", "redis_mode:standalone",
            "multiplexing_api:\(service.loop.backend)", "uptime_in_seconds:\(uptime)", "", "# Clients",
            "connected_clients:\(service.peers.count)", "", "# Memory", "used_memory:\(Memory.used)",
            // redis's tests check the memory of values only if this line contains the name of that allocator.
            "mem_allocator:libc, not jemalloc", "maxmemory:\(service.settings.maxMemory)",
            "maxmemory_policy:\(service.settings.policy.rawValue)", "", "# Stats",
            "total_connections_received:\(service.connections)", "total_commands_processed:\(service.commands)",
            "expired_keys:\(service.store.state.expiredKeys)", "evicted_keys:\(service.store.state.evictedKeys)", "",
            "# Replication", "role:master", "", "# Keyspace",
        ]
        for database in service.store.databases where database.count > 0 {
            lines.append("db\(database.index):keys=\(database.count),expires=\(database.volatileCount)")
        }
        return lines.map { $0 + "\r\n" }.joined()
    }
}
