internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Receives bytes and descriptors with `IORING_OP_RECVMSG`.
final class ReceiveDescriptorsOperation: RingOperation, @unchecked Sendable {
    static let support = OptionalOperation(
        name: "sockRecvDescriptors", kind: .receiveMessage, emulation: "\(OperationKind.poll.name) and recvmsg")

    private let message = MessageStorage()
    private let control = ControlData()

    override func submit() -> UInt64 {
        message.describe(bytes, addressLength: 0)
        control.offer(to: message.header)
        return port.ring.receiveMessage(descriptor, message.header, flags: ControlData.closeOnExec, for: self)
    }

    override func succeeded(_ result: Int) -> Result<Int, Errno> {
        passed.store(SocketCalls.arrival(in: message.header, count: result))
        return .success(result)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.receive, descriptor, owner: wait.ownerText)
    }
}
