internal import EventLoops
internal import Kernel
internal import Uring

/// Receives one datagram, or bytes, and the sender's address with `IORING_OP_RECVMSG`.
final class ReceiveFromOperation: RingOperation, @unchecked Sendable {
    static let support = OptionalOperation(
        name: "sockRecvFrom", kind: .receiveMessage, emulation: "\(OperationKind.poll.name) and recvfrom")

    private let message = MessageStorage()

    override func submit() -> UInt64 {
        message.describe(bytes, addressLength: AddressStorage.capacity)
        return port.ring.receiveMessage(descriptor, message.header, for: self)
    }

    override func succeeded(_ result: Int) -> Result<Int, Errno> {
        address = message.sender
        return .success(result)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.receiveFrom, descriptor, owner: wait.ownerText)
    }
}
