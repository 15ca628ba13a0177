public import Glibc

extension SocketCalls {
    /// Receives what is there into `buffer`; 0 means that the peer has finished.
    ///
    /// Kernel: `recv(2)`.
    ///
    /// Without `waits` it throws `.resourceTemporarilyUnavailable` where it would wait, also if another process, which
    /// has the socket too, has made it a blocking one.
    @inlinable
    public static func receive(
        _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, waits: Bool = true
    ) throws(Errno) -> Int {
        try SystemCall.count { recv(fd, buffer.baseAddress, buffer.count, waits ? 0 : noWait) }
    }

    /// Sends as many of the bytes as there is room for.
    ///
    /// Kernel: `send(2)`.
    ///
    /// Throws `.brokenPipe` if the peer is gone, instead of the signal that ends the process.
    @inlinable
    public static func send(
        _ fd: Int32, _ bytes: UnsafeRawBufferPointer, waits: Bool = true
    ) throws(Errno) -> Int {
        try SystemCall.count { Glibc.send(fd, bytes.baseAddress, bytes.count, waits ? noSignal : noSignal | noWait) }
    }

    /// Sends as many bytes of several buffers as there is room for.
    ///
    /// Kernel: `sendmsg(2)`.
    @inlinable
    public static func sendMessage(
        _ fd: Int32, _ message: UnsafePointer<msghdr>, waits: Bool = true
    ) throws(Errno) -> Int {
        try SystemCall.count { sendmsg(fd, message, waits ? noSignal : noSignal | noWait) }
    }

    /// Takes away some of what has come and nobody will read: for that the kernel would reset the connection at its
    /// closing, and the peer might lose what was just sent.
    ///
    /// Kernel: `recv(2)`, at most twice: a peer that has sent more finds out in any case.
    package static func dropUnread(_ fd: Int32, into memory: UnsafeMutableRawBufferPointer) {
        for _ in 0..<2 {
            guard let count = try? receive(fd, into: memory, waits: false), count == memory.count else { return }
        }
    }

    @inlinable static var noSignal: Int32 { Int32(MSG_NOSIGNAL) }
    @inlinable static var noWait: Int32 { Int32(MSG_DONTWAIT) }
}
