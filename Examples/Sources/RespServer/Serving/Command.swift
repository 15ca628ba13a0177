/// A command: its name, how many words it takes, and what it does.
final class Command {
    struct Flags: OptionSet {
        let rawValue: Int
        /// May change keys.
        static let writes = Self(rawValue: 1)
        /// May need more memory.
        static let grows = Self(rawValue: 2)
        /// Answers with messages, which are sent even to a client that wants no replies.
        static let pushes = Self(rawValue: 4)
        /// Allowed while a client of version 2 has subscriptions.
        static let allowedWhileSubscribed = Self(rawValue: 8)
        /// Executed at once inside a transaction.
        static let immediate = Self(rawValue: 16)
    }

    typealias Body = (Client, Arguments) throws(CommandError) -> Void

    let name: String
    /// The number of words, with the name; the least number if negative.
    let arity: Int
    let flags: Flags
    let body: Body

    convenience init(_ name: String, _ arity: Int, _ body: @escaping Body) {
        self.init(name, arity, [], body)
    }

    init(_ name: String, _ arity: Int, _ flags: Flags, _ body: @escaping Body) {
        self.name = name
        self.arity = arity
        self.flags = flags
        self.body = body
    }

    func takes(_ count: Int) -> Bool {
        arity < 0 ? count >= -arity : count == arity
    }
}
