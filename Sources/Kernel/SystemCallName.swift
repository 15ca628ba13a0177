/// The system calls that tests can make fail.
package enum SystemCallName: Sendable {
    case accept, bind, connect, listen, receive, receiveMessages, send, sendMessage, sendMessages, socket
    case epollControl, epollWait, poll, select
    /// Any other call; never made to fail.
    case other
}
