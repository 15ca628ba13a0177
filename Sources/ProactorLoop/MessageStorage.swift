internal import Glibc
internal import Kernel

/// A `msghdr` with one vector and an address, which the kernel uses while an operation is in flight.
struct MessageStorage: ~Copyable {
    let address = AddressStorage()
    let header = UnsafeMutablePointer<msghdr>.allocate(capacity: 1)
    private let vector = UnsafeMutablePointer<iovec>.allocate(capacity: 1)

    init() {
        vector.initialize(to: iovec())
        header.initialize(to: msghdr())
    }

    deinit {
        header.deallocate()
        vector.deallocate()
    }

    /// The address that the kernel has written.
    var sender: SocketAddress {
        address.load(header.pointee.msg_namelen)
    }

    /// Describes a message.
    func describe(_ bytes: UnsafeMutableRawBufferPointer, addressLength: UInt32) {
        vector.pointee = iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        header.pointee = msghdr()
        header.pointee.msg_name = UnsafeMutableRawPointer(address.pointer)
        header.pointee.msg_namelen = addressLength
        header.pointee.msg_iov = vector
        header.pointee.msg_iovlen = 1
    }
}
