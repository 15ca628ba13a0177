import CLinux
import Glibc

extension Socket {
    /// Sends bytes, and descriptors that the peer receives with the first of them.
    ///
    /// The peer gets descriptors of its own for the same open files. The caller's list is not changed.
    ///
    /// - Parameters:
    ///   - descriptors: At most ``OwnedDescriptors/maxCount``.
    ///   - bytes: At least one byte, because a stream drops descriptors without one.
    /// - Returns: How many bytes were sent; the descriptors were sent with them. A stream may take only some.
    /// - Throws: ``DescriptorError`` with `.invalidArgument` for no bytes or too many descriptors, `.wouldBlock` if the
    ///   socket's buffer is full, `ETOOMANYREFS` if too many descriptors are in flight, and other errors from the
    ///   kernel.
    ///
    /// Kernel: `sendmsg(2)` with `SCM_RIGHTS`.
    public func sendDescriptors(
        _ descriptors: borrowing OwnedDescriptors, with bytes: [UInt8]
    ) throws(DescriptorError) -> Int {
        let numbers = descriptors.fileDescriptors
        let fd = fileDescriptor
        let result = bytes.withUnsafeBytes { bytes -> Result<Int, Errno> in
            // Qualified: otherwise, a release build imports the structure from CLinux everywhere.
            let base = UnsafeMutableRawPointer(mutating: bytes.baseAddress)
            var vector = Glibc.iovec(iov_base: base, iov_len: bytes.count)
            do throws(Errno) {
                return .success(try SocketCalls.send(fd, &vector, count: 1, descriptors: numbers))
            } catch { return .failure(error) }
        }
        switch result {
        case .success(let count): return count
        case .failure(let errno): throw DescriptorError(errno)
        }
    }

    /// Receives bytes, and the descriptors received with them, which programs started by this process do not inherit.
    ///
    /// On a stream, the descriptors belong to a byte of the message that need not be its first one. On sockets with
    /// boundaries, one message is one datagram or record, and the end of a longer one is lost.
    ///
    /// - Parameters:
    ///   - maxBytes: The most bytes to receive, at least 1; at most 64 MiB are received.
    ///   - maxDescriptors: How many descriptors may be received with them.
    /// - Returns: The message; without bytes at the end of a stream.
    /// - Throws: ``DescriptorError`` with `.invalidArgument` for no bytes; `.wouldBlock` if nothing has arrived;
    ///   `.messageTooLong` if more descriptors arrived than allowed; `.tooManyOpenFiles` if the process has no
    ///   descriptors left; other errors from the kernel. After `.messageTooLong` and `.tooManyOpenFiles`, all
    ///   descriptors of the message are closed, and the error has its bytes.
    ///
    /// Kernel: `recvmsg(2)`.
    public func receiveDescriptors(
        maxBytes: Int = 64 * 1024, maxDescriptors: Int = OwnedDescriptors.maxCount
    ) throws(DescriptorError) -> DescriptorMessage {
        // Without space for a byte, a receive would take the descriptors of a datagram and lose its bytes.
        guard maxBytes > 0 else { throw DescriptorError(.invalidArgument) }
        var arrival = DescriptorArrival()
        var failure: Errno?
        let fd = fileDescriptor
        let bytes = [UInt8](unsafeUninitializedCapacity: min(maxBytes, 64 << 20)) { buffer, count in
            do throws(Errno) {
                arrival = try SocketCalls.receiveDescriptors(fd, into: UnsafeMutableRawBufferPointer(buffer))
                count = min(arrival.count, buffer.count)
            } catch { failure = error }
        }
        if let failure { throw DescriptorError(failure) }
        return try arrival.message(bytes, atMost: maxDescriptors)
    }
}
