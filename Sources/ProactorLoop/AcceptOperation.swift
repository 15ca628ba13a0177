internal import EventLoops
internal import Kernel
internal import Uring

/// Accepts one connection with `IORING_OP_ACCEPT`, and fetches the peer's address.
final class AcceptOperation: RingOperation, @unchecked Sendable {
    static let support = OptionalOperation(
        name: "sockAccept", kind: .accept, emulation: "\(OperationKind.poll.name) and accept4")

    private let storage = AddressStorage()
    private let length = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)

    deinit {
        length.deallocate()
    }

    override func submit() -> UInt64 {
        length.initialize(to: AddressStorage.capacity)
        return port.ring.accept(descriptor, address: storage.pointer, length: length, for: self)
    }

    override func succeeded(_ result: Int) -> Result<Int, Errno> {
        address = storage.load(length.pointee)
        do throws(Errno) {
            return .success(Int(try Descriptor.aboveStandard(Int32(truncatingIfNeeded: result))))
        } catch { return .failure(error) }
    }

    override func purpose(of tag: UInt64) -> OperationPurpose {
        OperationPurpose(.accept, descriptor, owner: wait.ownerText)
    }
}
