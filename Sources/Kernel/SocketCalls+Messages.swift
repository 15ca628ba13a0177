package import CLinux
import Glibc

extension SocketCalls {
    /// Receives the datagrams that are available, at most as many as there are messages; never waits.
    ///
    /// Kernel: `recvmmsg(2)`.
    ///
    /// - Returns: How many messages were filled; at least one.
    package static func receiveMessages(
        _ fd: Int32, into messages: UnsafeMutableBufferPointer<cl_message>
    ) throws(Errno) -> Int {
        guard let start = messages.baseAddress else { return 0 }
        let count = limitedMessages(.receiveMessages, messages.count)
        return Int(
            try SystemCall.value(.receiveMessages) { cl_receive_messages(fd, start, count, Int32(MSG_DONTWAIT)) })
    }

    /// Sends datagrams in order, as many as the socket's buffer can take; never waits.
    ///
    /// Kernel: `sendmmsg(2)`.
    ///
    /// - Returns: How many datagrams were sent; at least one.
    /// - Throws: The error of the first datagram. The error of a later one is thrown when that is the first.
    package static func sendMessages(
        _ fd: Int32, _ messages: UnsafeMutableBufferPointer<cl_message>
    ) throws(Errno) -> Int {
        guard let start = messages.baseAddress else { return 0 }
        let count = limitedMessages(.sendMessages, messages.count)
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        return Int(try SystemCall.value(.sendMessages) { cl_send_messages(fd, start, count, flags) })
    }

    private static func limitedMessages(_ call: SystemCallName, _ count: Int) -> UInt32 {
        #if DEBUG
            UInt32(SystemCallFaults.limit(call, count))
        #else
            UInt32(count)
        #endif
    }
}
