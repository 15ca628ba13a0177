/// Which changes of keys are published, and on which kind of channel; each has a letter.
struct KeyspaceEvents: OptionSet {
    let rawValue: Int

    static let generic = Self(rawValue: 1 << 0)
    static let string = Self(rawValue: 1 << 1)
    static let list = Self(rawValue: 1 << 2)
    static let set = Self(rawValue: 1 << 3)
    static let hash = Self(rawValue: 1 << 4)
    static let sortedSet = Self(rawValue: 1 << 5)
    static let expired = Self(rawValue: 1 << 6)
    static let evicted = Self(rawValue: 1 << 7)
    static let stream = Self(rawValue: 1 << 8)
    static let module = Self(rawValue: 1 << 9)
    static let new = Self(rawValue: 1 << 10)
    /// On the channel of the key.
    static let byKey = Self(rawValue: 1 << 11)
    /// On the channel of the event.
    static let byEvent = Self(rawValue: 1 << 12)
    static let miss = Self(rawValue: 1 << 13)

    /// All kinds of changes but new keys and reads of missing ones.
    static let all = Self(rawValue: new.rawValue - 1)

    private static let letters: [(Character, KeyspaceEvents)] = [
        ("A", all), ("g", generic), ("$", string), ("l", list), ("s", set), ("h", hash), ("z", sortedSet),
        ("x", expired), ("e", evicted), ("t", stream), ("d", module), ("n", new), ("K", byKey), ("E", byEvent),
        ("m", miss),
    ]

    /// Nil if a letter is unknown.
    init?(letters text: String) {
        self = []
        for letter in text {
            guard let (_, events) = Self.letters.first(where: { $0.0 == letter }) else { return nil }
            formUnion(events)
        }
    }

    init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// The letters; `A` stands for several events.
    var letters: String {
        var text = ""
        var rest = self
        for (letter, events) in Self.letters where rest.isSuperset(of: events) {
            text.append(letter)
            rest.subtract(events)
        }
        return text
    }
}
