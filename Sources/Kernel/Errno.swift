import Glibc

/// An error from the kernel: a value of `errno`.
///
///     do { try socket.bind(to: address) } catch .addressInUse { … }
///
/// Common errors are static members with Swift names; ``name`` is the C name of any error.
public struct Errno: Error, RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number, for instance `ECONNREFUSED`.
    public let rawValue: Int32

    /// Makes an error from a number, known or unknown.
    ///
    /// - Parameter rawValue: The number, above zero.
    @inlinable
    public init(rawValue: Int32) {
        self.rawValue = rawValue
    }

    /// The C name, such as "ECONNREFUSED"; "errno 4711" if the number has none.
    public var name: String {
        Self.names[rawValue] ?? "errno \(rawValue)"
    }

    /// The C library's message, such as "Connection refused".
    ///
    /// Source: `strerror_r(3)`.
    public var message: String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { text in
            guard let start = text.baseAddress else { return name }
            start.initialize(repeating: 0, count: text.count)
            // For an unknown number, the call fails but still writes a message.
            _ = strerror_r(rawValue, start, text.count)
            return String(cString: start)
        }
    }

    /// The name and the message, such as "ECONNREFUSED (Connection refused)".
    public var description: String {
        "\(name) (\(message))"
    }
}
