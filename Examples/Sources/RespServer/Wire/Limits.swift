/// What a client may make the server keep.
enum Limits {
    /// Bytes of one word of a command, and of a string value.
    static let word = 512 << 20
    /// Words of one command.
    static let words = 1 << 20
    /// Bytes of one command, which is kept until its last byte has arrived.
    static let command = 1 << 30
    /// Bytes of a command that is a line of text.
    static let line = 64 << 10
    /// Bytes of further commands that are kept while a client waits for a list.
    static let pipelined = 1 << 20
    /// Bytes of replies after which a batch of commands is interrupted to write them.
    static let batch = 64 << 10
    /// Values from this size on are sent from where they are stored instead of being copied.
    static let large = 16 << 10
    /// Bytes of messages that a subscriber may leave unread before it is disconnected.
    static let unread = 32 << 20
}
