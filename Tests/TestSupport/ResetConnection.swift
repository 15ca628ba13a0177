internal import Glibc

/// Makes the close of a TCP socket send a reset, so that its peer gets ECONNRESET instead of an end of file.
package func resetOnClose(_ descriptor: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
}
