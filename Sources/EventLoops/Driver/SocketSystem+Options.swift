internal import CLinux
internal import Glibc

extension SocketSystem {
    /// Makes a TCP socket send small writes at once; has no effect on other sockets, which do not delay them.
    func setNoDelay(_ descriptor: Int32) {
        try? setOption(descriptor, level: Int32(IPPROTO_TCP), name: TCP_NODELAY, 1)
    }
}
