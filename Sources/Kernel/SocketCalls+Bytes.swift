package import Glibc

extension SocketCalls {
    /// Receives what is there into `buffer`; 0 means that the peer has finished.
    ///
    /// Kernel: `recv(2)`.
    package static func receive(_ fd: Int32, into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
        try SystemCall.count { recv(fd, buffer.baseAddress, buffer.count, 0) }
    }

    /// Sends as many of the bytes as there is room for.
    ///
    /// Kernel: `send(2)`.
    ///
    /// Throws `.brokenPipe` if the peer is gone, instead of the signal that ends the process.
    package static func send(_ fd: Int32, _ bytes: UnsafeRawBufferPointer) throws(Errno) -> Int {
        try SystemCall.count { Glibc.send(fd, bytes.baseAddress, bytes.count, noSignal) }
    }

    /// Sends as many bytes of several buffers as there is room for.
    ///
    /// Kernel: `sendmsg(2)`.
    package static func sendMessage(_ fd: Int32, _ message: UnsafePointer<msghdr>) throws(Errno) -> Int {
        try SystemCall.count { sendmsg(fd, message, noSignal) }
    }

    private static var noSignal: Int32 { Int32(MSG_NOSIGNAL) }
}
