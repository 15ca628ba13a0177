import Glibc

/// A number of `errno`: why the kernel refused.
///
///     do { try socket.bind(to: address) } catch .addressInUse { … }
///
/// The static members have Swift names; ``name`` gives the number's name in C, for numbers without a member as well.
public struct Errno: Error, RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number, for instance `ECONNREFUSED`.
    public let rawValue: Int32

    /// Makes an error of a number, be it known or not.
    ///
    /// - Parameter rawValue: The number, above zero.
    @inlinable
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The number's name in C, such as "ECONNREFUSED"; "errno 4711" if it has none.
    public var name: String {
        Self.names[rawValue] ?? "errno \(rawValue)"
    }

    /// The C library's sentence about it, such as "Connection refused".
    ///
    /// Source: `strerror_r(3)`.
    public var message: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            guard let start = text.baseAddress else { return name }
            start.initialize(repeating: 0, count: text.count)
            // It writes a text for unknown numbers, too, and then fails.
            _ = strerror_r(rawValue, start, text.count)
            return String(cString: start)
        }
    }

    /// Name and message, such as "ECONNREFUSED (Connection refused)".
    public var description: String {
        "\(name) (\(message))"
    }
}
