import CLinux
import Glibc

/// Socket calls on bare descriptors.
///
/// Those that can fail throw the kernel's error.
package enum SocketCalls {
    /// Makes a nonblocking socket that programs started by this process do not inherit.
    ///
    /// Kernel: `socket(2)`.
    package static func open(_ family: AddressFamily, type: Int32, protocol: Int32 = 0) throws(Errno) -> Int32 {
        try Descriptor.aboveStandard(
            try SystemCall.value(.socket) { socket(family.rawValue, type | openFlags, `protocol`) })
    }

    /// Makes two Unix sockets connected to each other, with the same flags as `open`.
    ///
    /// Kernel: `socketpair(2)`.
    package static func pair(type: Int32 = Int32(SOCK_STREAM.rawValue)) throws(Errno) -> (Int32, Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        try withUnsafeMutablePointer(to: &ends) { ends throws(Errno) in
            try ends.withMemoryRebound(to: Int32.self, capacity: 2) { ends throws(Errno) in
                try SystemCall.nothing { socketpair(AF_UNIX, type | openFlags, 0, ends) }
            }
        }
        return try aboveStandard(ends)
    }

    private static func aboveStandard(_ ends: (Int32, Int32)) throws(Errno) -> (Int32, Int32) {
        var (one, other) = ends
        do throws(Errno) { one = try Descriptor.aboveStandard(one) } catch {
            try? Descriptor.close(other)
            throw error
        }
        do throws(Errno) { other = try Descriptor.aboveStandard(other) } catch {
            try? Descriptor.close(one)
            throw error
        }
        return (one, other)
    }

    /// Binds the socket to a local address.
    ///
    /// Kernel: `bind(2)`.
    package static func bind(_ fd: Int32, to address: SocketAddress) throws(Errno) {
        try address.withSockAddr { pointer, length throws(Errno) in
            try SystemCall.nothing(.bind) { Glibc.bind(fd, pointer, length) }
        }
    }

    /// Makes the socket listen; up to `backlog` connections wait for `accept`, limited by `net.core.somaxconn`.
    ///
    /// Kernel: `listen(2)`.
    package static func listen(_ fd: Int32, backlog: Int) throws(Errno) {
        try SystemCall.nothing(.listen) { Glibc.listen(fd, Int32(clamping: backlog)) }
    }

    /// Accepts a waiting connection; returns its descriptor, with the same flags as `open`, and the peer's address.
    ///
    /// Kernel: `accept4(2)`.
    package static func accept(_ fd: Int32) throws(Errno) -> (Int32, SocketAddress) {
        let (accepted, peer) = try SocketAddress.result(.accept) { cl_accept(fd, $0, $1) }
        return (try Descriptor.aboveStandard(accepted), peer)
    }

    /// Like ``accept(_:)``, without the peer's address.
    package static func acceptDescriptor(_ fd: Int32) throws(Errno) -> Int32 {
        try Descriptor.aboveStandard(try SystemCall.value(.accept) { cl_accept(fd, nil, nil) })
    }

    /// Starts connecting the socket; usually throws `.nowInProgress`.
    ///
    /// Kernel: `connect(2)`.
    ///
    /// Once the socket is writable, `pendingError` returns the outcome.
    ///
    /// Not retried when interrupted, which happens to blocking sockets only: the connection attempt continues, and a
    /// second call would fail with `.alreadyInProcess`.
    package static func connect(_ fd: Int32, to address: SocketAddress) throws(Errno) {
        try address.withSockAddr { pointer, length throws(Errno) in
            do throws(Errno) {
                try SystemCall.once(.connect) { Glibc.connect(fd, pointer, length) }
            } catch {
                throw error == .interrupted ? .nowInProgress : error
            }
        }
    }

    /// Ends one direction of a connection, or both.
    ///
    /// Kernel: `shutdown(2)`.
    ///
    /// - Parameter how: `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR`.
    package static func shutDown(_ fd: Int32, _ how: Int32) throws(Errno) {
        try SystemCall.nothing { shutdown(fd, how) }
    }

    /// Shuts down the sending side, so that the peer sees the end of the stream; the socket can still receive.
    ///
    /// Kernel: `shutdown(2)`.
    package static func shutdownWriting(_ fd: Int32) throws(Errno) {
        try shutDown(fd, Int32(SHUT_WR))
    }

    /// Whether the peer has finished sending, or an error is pending; consumes nothing.
    ///
    /// Kernel: `poll(2)` with `POLLRDHUP`, `POLLHUP` and `POLLERR`.
    package static func hasEnded(_ fd: Int32) -> Bool {
        var entry = pollfd(fd: fd, events: CL_POLLRDHUP, revents: 0)
        return poll(&entry, 1, 0) == 1
    }

    /// Whether the socket's receiving side is shut down.
    ///
    /// Kernel: `poll(2)` with `POLLRDHUP`.
    package static func isShutDownForReading(_ fd: Int32) -> Bool {
        var entry = pollfd(fd: fd, events: CL_POLLRDHUP, revents: 0)
        return poll(&entry, 1, 0) == 1 && entry.revents & CL_POLLRDHUP != 0
    }

    /// The address that the socket is bound to.
    ///
    /// Kernel: `getsockname(2)`.
    package static func localAddress(_ fd: Int32) throws(Errno) -> SocketAddress {
        try SocketAddress.filled { getsockname(fd, $0, $1) }
    }

    /// The address that the socket is connected to.
    ///
    /// Kernel: `getpeername(2)`.
    package static func peerAddress(_ fd: Int32) throws(Errno) -> SocketAddress {
        try SocketAddress.filled { getpeername(fd, $0, $1) }
    }

    private static var openFlags: Int32 { Int32(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue) }
}
