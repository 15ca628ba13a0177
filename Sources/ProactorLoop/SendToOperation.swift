internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Sends a datagram, usually to an address, with `IORING_OP_SENDMSG`.
final class SendToOperation: RingOperation, @unchecked Sendable {
    static let report = LoopCapabilities.Operation("sockSendTo", .native(OperationKind.sendMessage.name))

    private let message = MessageStorage()
    /// False for Unix sockets; see `Ring.sendMessage`.
    private let waits: Bool

    override init(_ port: RingPort, _ descriptor: Int32) {
        waits = (try? SocketCalls.option(descriptor, level: SOL_SOCKET, name: SO_DOMAIN)) != AF_UNIX
        super.init(port, descriptor)
    }

    override func submit() -> UInt64 {
        message.describe(bytes, addressLength: address.map { message.address.store($0) } ?? 0)
        return port.ring.sendMessage(descriptor, message.header, waits: waits, for: self)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        let target = address.map { " to \($0)" } ?? ""
        return OperationPurpose(.sendTo, descriptor, owner: "\(wait.ownerText)\(target)")
    }
}
