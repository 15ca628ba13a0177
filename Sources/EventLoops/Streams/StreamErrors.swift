/// The peer ended before everything that was asked for had come.
///
/// asyncio: `asyncio.IncompleteReadError`.
public struct IncompleteReadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What did come; it is taken out of the stream.
    public let partial: [UInt8]
    /// How many bytes were expected; nil if a separator was.
    public let expected: Int?

    /// How much came, and how much was expected.
    public var description: String {
        "\(partial.count) bytes read on a total of \(expected.map(String.init) ?? "undefined") expected bytes"
    }
}

/// The separator did not come within the stream's limit.
///
/// After ``StreamReader/readUntil(separator:)`` what came stays in the stream; ``StreamReader/readLine()`` and
/// ``StreamReader/lines`` have dropped it.
///
/// asyncio: `asyncio.LimitOverrunError`.
public struct LimitOverrunError: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many bytes there are before the separator may begin.
    public let consumed: Int
    /// The stream's limit, in bytes.
    public let limit: Int

    /// Where the separator was found or not, and the limit.
    public var description: String {
        "No separator within the limit of \(limit) bytes (looked at \(consumed)): "
            + "open the stream with a larger limit, or read it in chunks"
    }
}
