internal import EventLoops
internal import Uring

/// Receives once with `IORING_OP_RECV`, into the memory of the task that awaits it.
final class ReceiveOperation: RingOperation, @unchecked Sendable {
    static let report = LoopCapabilities.Operation("sockRecv", .native(OperationKind.receive.name))

    override func submit() -> UInt64 {
        guard let base = bytes.baseAddress else { preconditionFailure("a receive into no memory") }
        return port.ring.receive(descriptor, into: base, count: bytes.count, for: self)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.receive, descriptor, owner: wait.ownerText)
    }
}
