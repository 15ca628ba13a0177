internal import EventLoops
internal import Uring

/// Sends all bytes with one `IORING_OP_SEND`.
final class SendOperation: RingOperation, @unchecked Sendable {
    static let report = LoopCapabilities.Operation("sockSendAll", .native(OperationKind.send.name))

    override func submit() -> UInt64 {
        guard let base = bytes.baseAddress else { preconditionFailure("a send from no memory") }
        return port.ring.send(descriptor, from: base, count: bytes.count, for: self)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.send, descriptor, owner: wait.ownerText)
    }
}
