package import Glibc

/// The operations that take a C structure, in a file that does not import liburing: that module has these structures
/// too, and a declaration for other modules may name only those of the C library's own.
extension Ring {
    /// Sends all bytes that the message's vector names.
    ///
    /// Message, vector and bytes stay until the completion.
    package func sendMessage(_ fd: Int32, _ message: UnsafePointer<msghdr>, tag: UInt64) {
        queueMessage(fd, message, tag: tag)
    }

    /// Connects a socket; the address stays until the completion.
    ///
    /// After a cancel nothing but closing it is of use.
    package func connect(_ fd: Int32, to address: UnsafePointer<sockaddr>, length: socklen_t, tag: UInt64) {
        queueConnect(fd, address, length, tag: tag)
    }
}
