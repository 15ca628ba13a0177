/// The commands that a client wants executed as one, and the keys that must not change before.
final class Transaction {
    /// Whether `MULTI` has been received.
    private(set) var isOpen = false
    private(set) var commands: [KeptArguments] = []
    /// Bytes of the commands.
    private var size = 0
    /// A command was refused, so that the transaction as a whole is refused.
    var isBroken = false
    var watched: Set<DatabaseKey> = []
    /// A watched key has changed.
    var isStale = false
    /// Whether the commands run.
    var isRunning = false

    func open() {
        isOpen = true
        isBroken = false
        commands = []
        size = 0
    }

    /// - Throws: ``CommandError`` if the commands together are too long.
    func add(_ arguments: Arguments) throws(CommandError) {
        let kept = KeptArguments(arguments)
        guard size + kept.size <= Limits.command else { throw CommandError("ERR too big transaction") }
        size += kept.size
        commands.append(kept)
    }

    func end() {
        isOpen = false
        commands = []
    }
}
