package import Glibc

extension SocketCalls {
    /// Receives the bytes that are available, up to the size of `buffer`; returns 0 at the end of the stream.
    ///
    /// Kernel: `recv(2)`.
    ///
    /// - Parameter waits: If false, the call throws `.resourceTemporarilyUnavailable` instead of waiting, even if
    ///   another process that shares the socket has made it blocking.
    package static func receive(
        _ fd: Int32, into buffer: UnsafeMutableRawBufferPointer, waits: Bool = true
    ) throws(Errno) -> Int {
        let count = limit(.receive, buffer.count)
        return try SystemCall.count(.receive) { recv(fd, buffer.baseAddress, count, waits ? 0 : noWait) }
    }

    /// Sends as many of the bytes as the socket's buffer can take.
    ///
    /// Kernel: `send(2)`.
    ///
    /// Throws `.brokenPipe` if the peer has closed the connection; no `SIGPIPE` is raised.
    package static func send(
        _ fd: Int32, _ bytes: UnsafeRawBufferPointer, waits: Bool = true
    ) throws(Errno) -> Int {
        let count = limit(.send, bytes.count)
        return try SystemCall.count(.send) {
            Glibc.send(fd, bytes.baseAddress, count, waits ? noSignal : noSignal | noWait)
        }
    }

    /// Sends as many bytes from several buffers as the socket's buffer can take.
    ///
    /// Kernel: `sendmsg(2)`.
    package static func sendMessage(
        _ fd: Int32, _ message: UnsafePointer<msghdr>, waits: Bool = true
    ) throws(Errno) -> Int {
        let flags = waits ? noSignal : noSignal | noWait
        #if DEBUG
            if let part = limitedPart(of: message) {
                return try SystemCall.count(.sendMessage) { Glibc.send(fd, part.baseAddress, part.count, flags) }
            }
        #endif
        return try SystemCall.count(.sendMessage) { sendmsg(fd, message, flags) }
    }

    /// Discards bytes that were received and will not be read.
    ///
    /// If any were left unread, closing the socket would reset the connection, and the peer could lose the bytes that
    /// were sent to it last.
    ///
    /// Kernel: `recv(2)`, at most twice: if the peer has sent more, the connection is reset in any case.
    package static func dropUnread(_ fd: Int32, into memory: UnsafeMutableRawBufferPointer) {
        for _ in 0..<2 {
            guard let count = try? receive(fd, into: memory, waits: false), count == memory.count else { return }
        }
    }

    private static var noSignal: Int32 { Int32(MSG_NOSIGNAL) }
    private static var noWait: Int32 { Int32(MSG_DONTWAIT) }

    @inline(__always)
    private static func limit(_ call: SystemCallName, _ bytes: Int) -> Int {
        #if DEBUG
            SystemCallFaults.limit(call, bytes)
        #else
            bytes
        #endif
    }

    #if DEBUG
        /// The part of the first buffer that a test allows to be sent; nil to send everything.
        private static func limitedPart(of message: UnsafePointer<msghdr>) -> UnsafeRawBufferPointer? {
            let limit = SystemCallFaults.limit(.sendMessage, .max)
            guard limit < .max, message.pointee.msg_iovlen > 0 else { return nil }
            let first = message.pointee.msg_iov[0]
            return UnsafeRawBufferPointer(start: first.iov_base, count: min(first.iov_len, limit))
        }
    #endif
}
