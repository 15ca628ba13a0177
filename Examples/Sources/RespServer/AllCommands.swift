/// The table of all commands, and `COMMAND`, which is about the table.
func makeCommandTable() -> CommandTable {
    let families = [
        StringCommands.all, CounterCommands.all, RangeCommands.all, LCSCommand.all, KeyCommands.all,
        DatabaseCommands.all, ListCommands.all, HashCommands.all, SetCommands.all, SortedSetCommands.all,
        StreamCommands.all, ConsumerGroupCommands.all, PubSubCommands.all, ConnectionCommands.all, ServerCommands.all,
        DebugCommand.all,
    ]
    let table = CommandTable(families.flatMap { $0 })
    table.add(
        Command("command", -1) { [unowned table] client, arguments throws(CommandError) in
            guard arguments.count > 1 else { return describe(table.all, client.reply) }
            if arguments[1].spells("count") {
                client.reply.integer(table.all.count)
            } else if arguments[1].spells("list") {
                client.reply.array(table.all.count)
                for command in table.all { client.reply.bulk(command.name) }
            } else if arguments[1].spells("docs") {
                // Tools do without.
                client.reply.map(0)
            } else {
                throw .unknownSubcommand(arguments[1], of: "command")
            }
        })
    return table
}

private func describe(_ commands: [Command], _ reply: ReplyBuffer) {
    reply.array(commands.count)
    for command in commands {
        reply.array(6)
        reply.bulk(command.name)
        reply.integer(command.arity)
        reply.array(1)
        reply.simple(command.flags.contains(.writes) ? "write" : "readonly")
        // Where the keys are among the words.
        for _ in 0..<3 { reply.integer(0) }
    }
}
