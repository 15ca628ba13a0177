internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Sends bytes and descriptors with `IORING_OP_SENDMSG`.
final class SendDescriptorsOperation: RingOperation, @unchecked Sendable {
    static let report = LoopCapabilities.Operation("sockSendAll(descriptors:)", .native(OperationKind.sendMessage.name))

    private let message = MessageStorage()
    private let control = ControlData()
    /// False for sockets with boundaries; see `Ring.sendMessage`.
    private let waits: Bool

    override init(_ port: RingPort, _ descriptor: Int32) {
        waits = KernelSockets.shared.isStream(descriptor)
        super.init(port, descriptor)
    }

    override func submit() -> UInt64 {
        message.describe(bytes, addressLength: 0)
        message.header.pointee.msg_name = nil
        if !passed.outgoing.isEmpty { control.fill(message.header, with: passed.outgoing) }
        return port.ring.sendMessagePart(descriptor, message.header, waits: waits, for: self)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.send, descriptor, owner: wait.ownerText)
    }
}
