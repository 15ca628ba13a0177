internal import EventLoops
internal import Uring

/// Sends a datagram to an address with `IORING_OP_SENDMSG`.
final class SendToOperation: RingOperation, @unchecked Sendable {
    static let report = LoopCapabilities.Operation("sockSendTo", .native(OperationKind.sendMessage.name))

    private let message = MessageStorage()

    override func submit() -> UInt64 {
        message.describe(bytes, addressLength: address.map { message.address.store($0) } ?? 0)
        return port.ring.sendMessage(descriptor, message.header, for: self)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        let target = address.map { " to \($0)" } ?? ""
        return OperationPurpose(.sendTo, descriptor, owner: "\(wait.ownerText)\(target)")
    }
}
