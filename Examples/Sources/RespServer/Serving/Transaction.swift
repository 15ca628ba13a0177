/// What a client wants to be executed at once, and what must not change before.
final class Transaction {
    /// Whether `MULTI` has been received.
    private(set) var isOpen = false
    private(set) var commands: [KeptArguments] = []
    /// A command was refused, so that the transaction as a whole is refused.
    var isBroken = false
    var watched: [DatabaseKey] = []
    /// A watched key has changed.
    var isStale = false
    /// Whether the commands run.
    var isRunning = false

    func open() {
        isOpen = true
        isBroken = false
        commands = []
    }

    func add(_ arguments: Arguments) {
        commands.append(KeptArguments(arguments))
    }

    func end() {
        isOpen = false
        commands = []
    }
}
