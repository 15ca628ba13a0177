import CLinux
import Glibc

/// Memory for the control data of a message, which the kernel uses while an operation is in flight.
package struct ControlData: ~Copyable {
    /// The flag with which a receive makes descriptors that started programs do not inherit.
    ///
    /// `MSG_CMSG_CLOEXEC`.
    package static var closeOnExec: Int32 { CL_MSG_CMSG_CLOEXEC }

    private let pointer = UnsafeMutableRawPointer.allocate(byteCount: Int(CL_CONTROL_SIZE), alignment: 16)

    package init() {}

    deinit {
        pointer.deallocate()
    }

    /// Offers the memory to a message that is to be received.
    ///
    /// - Parameter header: A `msghdr`. Untyped, because several modules declare it.
    package func offer(to header: UnsafeMutableRawPointer) {
        // Qualified: otherwise, a release build imports the structure from CLinux everywhere.
        let header = header.assumingMemoryBound(to: Glibc.msghdr.self)
        header.pointee.msg_control = pointer
        header.pointee.msg_controllen = Int(CL_CONTROL_SIZE)
    }

    /// Describes descriptors in a message that is to be sent; they must fit into one message.
    ///
    /// - Parameters:
    ///   - header: A `msghdr`.
    ///   - descriptors: The descriptors, which stay open until the message is sent.
    package func fill(_ header: UnsafeMutableRawPointer, with descriptors: [Int32]) {
        offer(to: header)
        cl_rights_fill(header.assumingMemoryBound(to: Glibc.msghdr.self), descriptors, descriptors.count)
    }
}
