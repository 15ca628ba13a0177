import Glibc

extension SocketCalls {
    /// Receives one datagram, or the bytes that are available, and the sender's address.
    ///
    /// A datagram longer than `buffer` is truncated. Throws `.resourceTemporarilyUnavailable` instead of waiting.
    ///
    /// Kernel: `recvfrom(2)`.
    package static func receiveFrom(
        _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer
    ) throws(Errno) -> (count: Int, address: SocketAddress) {
        let (count, address) = try SocketAddress.result(.receive) { address, length in
            // The kernel never returns more from one call.
            Int32(
                truncatingIfNeeded: recvfrom(
                    fd, buffer.baseAddress, min(buffer.count, Int(Int32.max)), Int32(MSG_DONTWAIT), address, length))
        }
        return (Int(count), address)
    }

    /// Sends bytes, as one datagram on a datagram socket, to an address.
    ///
    /// Throws `.resourceTemporarilyUnavailable` instead of waiting.
    ///
    /// Kernel: `sendto(2)`.
    package static func sendTo(
        _ fd: Int32, _ bytes: UnsafeRawBufferPointer, to address: SocketAddress
    ) throws(Errno) -> Int {
        try address.withSockAddr { pointer, length throws(Errno) in
            try SystemCall.count(.send) {
                sendto(fd, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT | MSG_NOSIGNAL), pointer, length)
            }
        }
    }
}
