/// What a loop stands on, and why on that.
///
/// For logs, health pages and bug reports.
public struct LoopCapabilities: Sendable, CustomStringConvertible {
    /// How an operation is done.
    public enum Support: Sendable, Equatable, CustomStringConvertible {
        /// The kernel does it as a whole; by the kernel's name for it.
        case native(String)
        /// The loop does it, with these calls.
        case emulated(String)

        /// The calls, and whether they emulate.
        public var description: String {
            switch self {
            case .native(let call): call
            case .emulated(let calls): "emulated by \(calls)"
            }
        }
    }

    /// One operation of the loop's.
    public struct Operation: Sendable, Equatable {
        /// What is done, for instance `accept`.
        public let name: String
        /// How it is done.
        public let support: Support

        package init(_ name: String, _ support: Support) {
            self.name = name
            self.support = support
        }
    }

    /// The kernel interface on which the loop stands.
    public let backend: LoopBackend
    /// Why on that one, in a sentence.
    public let reason: String
    /// What denied io_uring, if it would have been chosen otherwise: the kernel's error and the remedy.
    public let denial: EventLoopError?
    /// What the kernel offers beyond the least that the backend needs, by the kernel's names.
    public let features: [String]
    /// How each operation is done.
    public let operations: [Operation]

    /// All of it, a line for each part.
    public var description: String {
        var lines = ["backend \(backend): \(reason)"]
        if !features.isEmpty { lines.append("features: \(features.joined(separator: ", "))") }
        lines += operations.map { "\($0.name): \($0.support)" }
        return lines.joined(separator: "\n")
    }
}
