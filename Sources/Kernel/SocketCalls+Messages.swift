internal import CLinux
internal import Glibc

extension SocketCalls {
    /// Receives the datagrams that are available into the first `count` messages; never waits.
    ///
    /// - Returns: How many messages were filled; at least one.
    ///
    /// Kernel: `recvmmsg(2)`.
    package static func receiveMessages(_ fd: Int32, into list: MessageList, count: Int) throws(Errno) -> Int {
        let count = limited(.receiveMessages, count)
        return Int(
            try SystemCall.value(.receiveMessages) {
                cl_receive_messages(fd, list.messages, count, Int32(MSG_DONTWAIT))
            })
    }

    /// Sends the datagrams of a part of the list, in order, as many as the socket's buffer can take; never waits.
    ///
    /// - Returns: How many datagrams were sent; at least one.
    /// - Throws: The error of the first datagram. The error of a later one is thrown by the call that begins with it.
    ///
    /// Kernel: `sendmmsg(2)`.
    package static func sendMessages(_ fd: Int32, _ list: MessageList, _ part: Range<Int>) throws(Errno) -> Int {
        let (start, count) = (list.messages + part.lowerBound, limited(.sendMessages, part.count))
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        return Int(try SystemCall.value(.sendMessages) { cl_send_messages(fd, start, count, flags) })
    }

    /// Removes the first message of a socket's error queue, if there is one.
    ///
    /// Kernel: `recvmsg(2)` with `MSG_ERRQUEUE`.
    package static func discardQueuedError(_ fd: Int32) {
        cl_discard_queued_error(fd)
    }

    private static func limited(_ call: SystemCallName, _ count: Int) -> UInt32 {
        #if DEBUG
            UInt32(SystemCallFaults.limit(call, count))
        #else
            UInt32(count)
        #endif
    }
}
