internal import EventLoops
internal import Glibc
internal import Kernel
internal import Uring

/// Connects a socket with `IORING_OP_CONNECT`.
final class ConnectOperation: RingOperation, @unchecked Sendable {
    static let support = OptionalOperation(
        name: "connect", kind: .connect, emulation: "connect, \(OperationKind.poll.name) and SO_ERROR")

    private let address: SocketAddress
    /// The address, which the kernel reads when the operation is submitted.
    private let storage = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)

    init(_ port: RingPort, _ descriptor: Int32, to address: SocketAddress) {
        self.address = address
        super.init(port, descriptor)
    }

    deinit {
        storage.deallocate()
    }

    override func submit() -> UInt64 {
        storage.initialize(to: sockaddr_storage())
        let length = address.withSockAddr { source, length in
            UnsafeMutableRawPointer(storage).copyMemory(from: source, byteCount: Int(length))
            return length
        }
        return port.ring.connect(descriptor, to: storage, length: length, for: self)
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.connect, descriptor, owner: "\(wait.ownerText) to \(address)")
    }
}
