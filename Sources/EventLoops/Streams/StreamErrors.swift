/// The stream ended before everything that was expected had arrived.
///
/// asyncio: `asyncio.IncompleteReadError`.
public struct IncompleteReadError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The bytes that did arrive; they are removed from the stream.
    public let partial: [UInt8]
    /// How many bytes were expected; nil if a separator was expected.
    public let expected: Int?

    /// The number of bytes that arrived, and the number expected.
    public var description: String {
        "\(partial.count) bytes read on a total of \(expected.map(String.init) ?? "undefined") expected bytes"
    }
}

/// No separator was found within the stream's limit.
///
/// ``StreamReader/readUntil(separator:)`` leaves the bytes in the stream; ``StreamReader/readLine()`` and
/// ``StreamReader/lines`` drop them.
///
/// asyncio: `asyncio.LimitOverrunError`.
public struct LimitOverrunError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The offset at which the separator begins or may begin.
    public let consumed: Int
    /// The stream's limit, in bytes.
    public let limit: Int

    /// The offset, the limit, and the remedy.
    public var description: String {
        "No separator within the limit of \(limit) bytes (\(consumed) examined): "
            + "open the stream with a larger limit, or read it in chunks"
    }
}
