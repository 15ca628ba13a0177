internal import Glibc
internal import Kernel

/// Memory for an address that the kernel reads or writes while an operation is in flight.
struct AddressStorage: ~Copyable {
    static let capacity = UInt32(MemoryLayout<sockaddr_storage>.size)

    let pointer = UnsafeMutablePointer<sockaddr_storage>.allocate(capacity: 1)

    init() {
        pointer.initialize(to: sockaddr_storage())
    }

    deinit {
        pointer.deallocate()
    }

    /// Stores an address for the kernel to read; returns its length.
    func store(_ address: SocketAddress) -> UInt32 {
        address.withSockAddr { source, length in
            UnsafeMutableRawPointer(pointer).copyMemory(from: source, byteCount: Int(length))
            return length
        }
    }

    /// The address of this length that the kernel wrote.
    func load(_ length: UInt32) -> SocketAddress {
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
            SocketAddress(address, length: min(length, Self.capacity)) ?? .nameless
        }
    }
}
