/// Finds the command for what a client has sent, checks whether it may run, and runs it.
final class Dispatcher {
    private let service: Service
    private let table: CommandTable

    init(service: Service, table: CommandTable) {
        self.service = service
        self.table = table
        for command in transactionCommands { table.add(command) }
    }

    func execute(_ arguments: Arguments, for client: Client) {
        service.commands += 1
        let command = table.find(arguments[0])
        if client.silence != .none, command?.flags.contains(.pushes) != true {
            executeSilently(command, arguments, for: client)
        } else {
            execute(command, arguments, for: client)
        }
    }

    /// Drops the reply.
    private func executeSilently(_ command: Command?, _ arguments: Arguments, for client: Client) {
        let isLast = client.silence == .next
        if isLast { client.silence = .none }
        // Earlier replies and messages to the client are not dropped.
        let reply = client.reply
        let sink = reply.sink
        if let sink { reply.flush(to: sink) }
        client.isRunning = false
        reply.sink = nil
        execute(command, arguments, for: client)
        reply.sink = sink
        client.isRunning = true
        // The reply of the command that ends the silence is wanted.
        if isLast || client.silence != .none { reply.removeAll() }
    }

    private func execute(_ command: Command?, _ arguments: Arguments, for client: Client) {
        guard let command else { return refuse(.unknown(arguments), for: client) }
        guard command.takes(arguments.count) else { return refuse(.wrongCount(command.name), for: client) }
        if client.subscriptionCount > 0, client.version == 2, !command.flags.contains(.allowedWhileSubscribed) {
            return refuse(.subscribed(command.name), for: client)
        }
        if client.transaction.isOpen, !command.flags.contains(.immediate) {
            return queue(arguments, for: client)
        }
        run(command, arguments, for: client)
    }

    private func run(_ command: Command, _ arguments: Arguments, for client: Client) {
        let changesBefore = service.changes
        do throws(CommandError) {
            if command.flags.contains(.grows), !service.makeSpace() { throw .outOfMemory }
            try command.body(client, arguments)
        } catch {
            client.reply.error(error.text)
        }
        if service.replication.hasReplicas, command.flags.contains(.writes), service.changes != changesBefore {
            service.replication.send(arguments, database: client.database.index)
        }
    }

    private func refuse(_ error: CommandError, for client: Client) {
        client.transaction.isBroken = true
        client.reply.error(error.text)
    }

    // MARK: Transactions

    private func queue(_ arguments: Arguments, for client: Client) {
        do throws(CommandError) {
            try client.transaction.add(arguments)
            client.reply.queued()
        } catch {
            refuse(error, for: client)
        }
    }

    private var transactionCommands: [Command] {
        [
            Command("multi", 1, .immediate) { client, _ throws(CommandError) in
                guard !client.transaction.isOpen else { throw CommandError("ERR MULTI calls can not be nested") }
                client.transaction.open()
                client.reply.ok()
            },
            Command("discard", 1, .immediate) { client, _ throws(CommandError) in
                guard client.transaction.isOpen else { throw CommandError("ERR DISCARD without MULTI") }
                client.transaction.end()
                client.unwatch()
                client.reply.ok()
            },
            Command("watch", -2, .immediate) { client, arguments throws(CommandError) in
                guard !client.transaction.isOpen else { throw CommandError("ERR WATCH inside MULTI is not allowed") }
                for index in 1..<arguments.count { client.watch(arguments[index]) }
                client.reply.ok()
            },
            Command("unwatch", 1) { client, _ in
                client.unwatch()
                client.reply.ok()
            },
            Command("exec", 1, .immediate) { [unowned self] client, _ throws(CommandError) in try executeQueue(client)
            },
        ]
    }

    private func executeQueue(_ client: Client) throws(CommandError) {
        let transaction = client.transaction
        guard transaction.isOpen else { throw CommandError("ERR EXEC without MULTI") }
        let (commands, isStale) = (transaction.commands, transaction.isStale)
        transaction.end()
        client.unwatch()
        guard !transaction.isBroken else {
            throw CommandError("EXECABORT Transaction discarded because of previous errors.")
        }
        guard !isStale else { return client.reply.nullArray() }
        transaction.isRunning = true
        client.reply.array(commands.count)
        for kept in commands {
            kept.lend { arguments in
                if let command = table.find(arguments[0]) { run(command, arguments, for: client) }
            }
        }
        transaction.isRunning = false
    }
}

extension CommandError {
    fileprivate static func unknown(_ arguments: Arguments) -> Self {
        let words = (1..<min(arguments.count, 20)).map { "'\(arguments[$0].text.prefix(128))' " }.joined()
        return Self(
            "ERR unknown command '\(arguments[0].text.prefix(128))', with args beginning with: \(words.prefix(128))")
    }

    fileprivate static func subscribed(_ name: String) -> Self {
        Self(
            "ERR Can't execute '\(name)': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in "
                + "this context")
    }
}
