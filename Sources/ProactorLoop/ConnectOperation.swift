internal import EventLoops
internal import Kernel
internal import Uring

/// Connects a socket with `IORING_OP_CONNECT`.
final class ConnectOperation: RingOperation, @unchecked Sendable {
    static let support = OptionalOperation(
        name: "connect", kind: .connect, emulation: "connect, \(OperationKind.poll.name) and SO_ERROR")

    /// The address, which the kernel reads when the operation is submitted.
    private let storage = AddressStorage()

    override func submit() -> UInt64 {
        // Without an address, the kernel reports EINVAL.
        let length = address.map { storage.store($0) } ?? 0
        return port.ring.connect(descriptor, to: storage.pointer, length: length, for: self)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        let target = address.map { " to \($0)" } ?? ""
        return OperationPurpose(.connect, descriptor, owner: "\(wait.ownerText)\(target)")
    }
}
