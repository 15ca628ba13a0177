import CLinux
import Glibc

/// Messages of Unix sockets with descriptors.
extension SocketCalls {
    package static var mostDescriptors: Int { Int(CL_MOST_DESCRIPTORS) }

    /// Sends bytes from several buffers with descriptors, which the kernel duplicates.
    ///
    /// Throws `.invalidArgument` for descriptors without a byte, because a stream would drop them silently, and for
    /// more than ``mostDescriptors``.
    ///
    /// - Parameters:
    ///   - vectors: `iovec`s. Untyped, because several modules declare this structure.
    ///   - count: The number of vectors.
    ///   - descriptors: At most ``mostDescriptors``.
    ///   - waits: If false, the call throws `.resourceTemporarilyUnavailable` instead of waiting.
    ///
    /// Kernel: `sendmsg(2)` with `SCM_RIGHTS`.
    package static func send(
        _ fd: Int32, _ vectors: UnsafeMutableRawPointer, count: Int, descriptors: [Int32], waits: Bool = true
    ) throws(Errno) -> Int {
        // Qualified: otherwise, a release build imports the structure from CLinux everywhere.
        let vectors = vectors.assumingMemoryBound(to: Glibc.iovec.self)
        guard descriptors.count <= mostDescriptors else { throw .invalidArgument }
        let isEmpty = UnsafeBufferPointer(start: vectors, count: count).allSatisfy { $0.iov_len == 0 }
        guard descriptors.isEmpty || !isEmpty else { throw .invalidArgument }
        let flags = Int32(MSG_NOSIGNAL) | (waits ? 0 : Int32(MSG_DONTWAIT))
        return try SystemCall.count(.sendMessage) {
            cl_send_rights(fd, vectors, count, descriptors, descriptors.count, flags)
        }
    }

    /// Receives bytes, and the descriptors sent with them.
    ///
    /// A receive from a stream ends after the bytes to which descriptors were attached; it may begin with earlier ones.
    ///
    /// Kernel: `recvmsg(2)` with `MSG_CMSG_CLOEXEC`.
    package static func receiveDescriptors(
        _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, waits: Bool = true
    ) throws(Errno) -> DescriptorArrival {
        var arrival = DescriptorArrival()
        var messageFlags: Int32 = 0
        var failure: Errno?
        arrival.descriptors = [Int32](unsafeUninitializedCapacity: mostDescriptors) { numbers, count in
            do throws(Errno) {
                arrival.count = try SystemCall.count(.receive) {
                    cl_receive_rights(
                        fd, buffer.baseAddress, buffer.count, numbers.baseAddress, &count, &messageFlags,
                        waits ? 0 : Int32(MSG_DONTWAIT))
                }
            } catch { failure = error }
        }
        if let failure { throw failure }
        complete(&arrival, messageFlags)
        return arrival
    }

    /// Takes the descriptors out of a message that the kernel has received; to be called once.
    ///
    /// - Parameters:
    ///   - message: A `msghdr`. Untyped, because several modules declare it.
    ///   - count: The number of bytes.
    package static func arrival(in message: UnsafeRawPointer, count: Int) -> DescriptorArrival {
        let message = message.assumingMemoryBound(to: Glibc.msghdr.self)
        var arrival = DescriptorArrival()
        arrival.count = count
        arrival.descriptors = [Int32](unsafeUninitializedCapacity: mostDescriptors) {
            $1 = cl_rights_read(message, $0.baseAddress)
        }
        complete(&arrival, message.pointee.msg_flags)
        return arrival
    }

    private static func complete(_ arrival: inout DescriptorArrival, _ messageFlags: Int32) {
        keepAboveStandard(&arrival)
        if messageFlags & Int32(MSG_CTRUNC) != 0 { arrival.hasLostDescriptors = true }
        arrival.isTruncated = messageFlags & Int32(MSG_TRUNC) != 0
    }

    /// Moves descriptors away from the numbers of standard input, output and error.
    private static func keepAboveStandard(_ arrival: inout DescriptorArrival) {
        for index in arrival.descriptors.indices where arrival.descriptors[index] <= STDERR_FILENO {
            do { arrival.descriptors[index] = try Descriptor.aboveStandard(arrival.descriptors[index]) } catch {
                // The descriptor is closed by now.
                arrival.hasLostDescriptors = true
                arrival.descriptors[index] = -1
            }
        }
        if arrival.hasLostDescriptors { arrival.descriptors.removeAll { $0 < 0 } }
    }
}
