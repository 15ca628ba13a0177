/// The kernel interface that a loop uses, the reason for it, and how each operation is performed.
///
/// For logs, health pages and bug reports.
public struct LoopCapabilities: Sendable, CustomStringConvertible {
    /// How an operation is performed.
    public enum Support: Sendable, Equatable, CustomStringConvertible {
        /// The kernel performs the whole operation, under this name.
        case native(String)
        /// The loop performs it with these calls.
        case emulated(String)

        /// The calls, and whether they emulate the operation.
        public var description: String {
            switch self {
            case .native(let call): call
            case .emulated(let calls): "emulated by \(calls)"
            }
        }
    }

    /// An operation of the loop.
    public struct Operation: Sendable, Equatable {
        /// The operation's name, for instance `accept`.
        public let name: String
        /// How the loop performs the operation.
        public let support: Support

        package init(_ name: String, _ support: Support) {
            self.name = name
            self.support = support
        }
    }

    /// The kernel interface that the loop uses.
    public let backend: LoopBackend
    /// Why the loop uses that interface, in one sentence.
    public let reason: String
    /// Why io_uring was denied, if it would otherwise have been chosen: the kernel's error and the remedy.
    public let denial: EventLoopError?
    /// The features that the kernel offers beyond the backend's minimum, by their kernel names.
    public let features: [String]
    /// How each operation is performed.
    public let operations: [Operation]

    /// The backend and the reason, the features, and each operation, one per line.
    public var description: String {
        var lines = ["backend \(backend): \(reason)"]
        if !features.isEmpty { lines.append("features: \(features.joined(separator: ", "))") }
        lines += operations.map { "\($0.name): \($0.support)" }
        return lines.joined(separator: "\n")
    }
}
