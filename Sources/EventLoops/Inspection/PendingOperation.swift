/// Something that a loop waits for: asked of the kernel, and not done yet.
///
/// On a ring each is an operation in flight; on a selector each is a descriptor that is waited for, in one direction.
public struct PendingOperation: Sendable, Hashable, CustomStringConvertible {
    /// What is waited for: `accept`, `connect`, `receive`, `send`, `watch for reading`, `watch for writing`, or the
    /// loop's own `wake-up`.
    public let name: String
    /// How the kernel was asked: by its name for the operation, for instance `IORING_OP_RECV (multishot)`, or by the
    /// selector's, for instance `epoll`.
    public let call: String
    /// The descriptor on which it is to happen.
    public let descriptor: Int32
    /// How long ago the kernel was asked, never less than the truth, and more by as long as its turn had lasted then.
    ///
    /// A multishot operation and a selector's wait go on from one delivery to the next, and count from their beginning.
    ///
    /// Counted from the loop's look at its clock when its turn began: a look for every operation would cost too much.
    public let age: Duration
    /// Who waits, for people: a transport, server, watch or task, or `waker`.
    public let owner: String

    package init(_ purpose: OperationPurpose, call: String, age: Duration) {
        name = purpose.name.rawValue
        self.call = call
        descriptor = purpose.descriptor
        self.age = age
        owner = purpose.owner
    }

    /// Whether it is the loop's own, which is there as long as the loop is.
    package var isWakeUp: Bool {
        name == OperationName.wakeUp.rawValue
    }

    /// Age, what is waited for, descriptor, owner and call.
    public var description: String {
        "\(age.inSeconds) \(name) fd=\(descriptor) \(owner) (\(call))"
    }
}
