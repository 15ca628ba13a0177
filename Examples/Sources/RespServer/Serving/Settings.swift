/// What `CONFIG SET` can change.
struct Settings {
    enum EvictionPolicy: String {
        case noeviction
        case allkeysLRU = "allkeys-lru"
    }

    var events: KeyspaceEvents = []
    /// Bytes; 0 without a limit.
    var maxMemory = 0
    var policy = EvictionPolicy.noeviction
    /// Seconds between two pings to a replica.
    var replicaPingPeriod = 10

    /// All settings with their values; tools ask for some that cannot be changed.
    var all: [(name: String, value: String)] {
        [
            ("notify-keyspace-events", events.letters), ("maxmemory", "\(maxMemory)"),
            ("maxmemory-policy", policy.rawValue), ("repl-ping-replica-period", "\(replicaPingPeriod)"),
            ("databases", "\(Store.databaseCount)"),
            ("proto-max-bulk-len", "\(Limits.word)"), ("client-query-buffer-limit", "\(Limits.command)"),
            ("save", ""), ("appendonly", "no"), ("timeout", "0"),
        ]
    }

    mutating func set(_ name: String, to value: String) throws(CommandError) {
        switch name {
        case "notify-keyspace-events":
            guard let events = KeyspaceEvents(letters: value) else {
                throw .invalid(name, "Invalid event class character")
            }
            self.events = events
        case "maxmemory":
            guard let bytes = Self.bytes(value) else { throw .invalid(name, "argument must be a memory value") }
            maxMemory = bytes
        case "maxmemory-policy":
            guard let policy = EvictionPolicy(rawValue: value) else {
                throw .invalid(name, "argument must be 'noeviction' or 'allkeys-lru'")
            }
            self.policy = policy
        case "repl-ping-replica-period":
            guard let seconds = Int(value), 1...Int(Int32.max) ~= seconds else {
                throw .invalid(name, "argument must be between 1 and 2147483647 inclusive")
            }
            replicaPingPeriod = seconds
        case let name where all.contains { $0.name == name }: throw .invalid(name, "can't set immutable config")
        default: throw CommandError("ERR Unknown option or number of arguments for CONFIG SET - '\(name)'")
        }
    }

    /// A size such as `1024`, `100mb` or `1gb`.
    private static func bytes(_ text: String) -> Int? {
        let units = [("kb", 10), ("mb", 20), ("gb", 30), ("b", 0), ("k", 10), ("m", 20), ("g", 30)]
        let text = text.lowercased()
        let unit = units.first { text.hasSuffix($0.0) } ?? ("", 0)
        guard let number = Int(text.dropLast(unit.0.count)), number >= 0, number < 1 << 32 || unit.1 == 0 else {
            return nil
        }
        return number << unit.1
    }
}

extension CommandError {
    fileprivate static func invalid(_ name: String, _ reason: String) -> Self {
        Self("ERR CONFIG SET failed (possibly related to argument '\(name)') - \(reason)")
    }
}
