/// An operation of a loop that is in flight.
///
/// On a ring, this is an operation that was submitted and has not completed; on a selector, one direction of a watched
/// descriptor.
public struct PendingOperation: Sendable, Hashable, CustomStringConvertible {
    /// The operation: `accept`, `connect`, `receive`, `receive from`, `send`, `send to`, `watch for reading`,
    /// `watch for writing`, or the loop's own `wake-up`.
    public let name: String
    /// The kernel's name for the operation, for instance `IORING_OP_RECV (multishot)`, or the name of the selector, for
    /// instance `epoll`.
    public let call: String
    /// The descriptor of the operation.
    public let descriptor: Int32
    /// The time since the submission, overstated by at most the length of the turn that submitted the operation.
    ///
    /// For a multishot operation and for a watch on a selector, this is the time since it began, not since its last
    /// delivery.
    ///
    /// The age is measured from the time at which the loop read its clock in that turn: reading the clock for each
    /// operation would cost too much.
    public let age: Duration
    /// The owner as text: a transport, server, watch or task, or `waker`.
    public let owner: String

    package init(_ purpose: OperationPurpose, call: String, age: Duration) {
        name = purpose.name.rawValue
        self.call = call
        descriptor = purpose.descriptor
        self.age = age
        owner = purpose.owner
    }

    /// Whether this is the loop's own wake-up, which is always in flight.
    package var isWakeUp: Bool {
        name == OperationName.wakeUp.rawValue
    }

    /// Age, operation, descriptor, owner and call.
    public var description: String {
        "\(age.inSeconds) \(name) fd=\(descriptor) \(owner) (\(call))"
    }
}
