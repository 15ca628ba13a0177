import CLinux
import Glibc

/// The calls that make sockets and tell about them, on bare descriptors.
///
/// All throw the kernel's error.
public enum SocketCalls {
    /// Makes a socket, nonblocking and closed in programs that this one starts.
    ///
    /// Kernel: `socket(2)`.
    package static func open(_ family: AddressFamily, type: Int32, protocol: Int32 = 0) throws(Errno) -> Int32 {
        try Descriptor.aboveStandard(
            try SystemCall.value { socket(family.rawValue, type | openFlags, `protocol`) })
    }

    /// Makes two stream sockets that are connected with one another, otherwise as `open`.
    ///
    /// Kernel: `socketpair(2)`.
    package static func pair() throws(Errno) -> (Int32, Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        try withUnsafeMutablePointer(to: &ends) { ends throws(Errno) in
            try ends.withMemoryRebound(to: Int32.self, capacity: 2) { ends throws(Errno) in
                try SystemCall.nothing { socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | openFlags, 0, ends) }
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

    /// Gives the socket an address of this machine.
    ///
    /// Kernel: `bind(2)`.
    package static func bind(_ fd: Int32, to address: SocketAddress) throws(Errno) {
        try address.withSockAddr { pointer, length throws(Errno) in
            try SystemCall.nothing { Glibc.bind(fd, pointer, length) }
        }
    }

    /// Lets up to `backlog` connections wait for `accept`; `net.core.somaxconn` limits it.
    ///
    /// Kernel: `listen(2)`.
    package static func listen(_ fd: Int32, backlog: Int) throws(Errno) {
        try SystemCall.nothing { Glibc.listen(fd, Int32(clamping: backlog)) }
    }

    /// Takes a waiting connection: its descriptor, made as by `open`, and the peer.
    ///
    /// Kernel: `accept4(2)`.
    package static func accept(_ fd: Int32) throws(Errno) -> (Int32, SocketAddress) {
        let (accepted, peer) = try SocketAddress.result { cl_accept(fd, $0, $1) }
        return (try Descriptor.aboveStandard(accepted), peer)
    }

    /// As ``accept(_:)``, without asking for the peer.
    package static func acceptDescriptor(_ fd: Int32) throws(Errno) -> Int32 {
        try Descriptor.aboveStandard(try SystemCall.value { cl_accept(fd, nil, nil) })
    }

    /// Begins a connection; fails as a rule with `.nowInProgress`.
    ///
    /// Kernel: `connect(2)`.
    ///
    /// The outcome is for `pendingError` to tell, once the socket is writable.
    ///
    /// Not repeated when interrupted, which happens only to blocking sockets: the connection goes on by itself, and a
    /// second call would fail with `.alreadyInProcess`.
    package static func connect(_ fd: Int32, to address: SocketAddress) throws(Errno) {
        try address.withSockAddr { pointer, length throws(Errno) in
            do throws(Errno) {
                try SystemCall.once { Glibc.connect(fd, pointer, length) }
            } catch {
                throw error == .interrupted ? .nowInProgress : error
            }
        }
    }

    /// Tells the peer that nothing more will come; receiving goes on.
    ///
    /// Kernel: `shutdown(2)`.
    package static func shutdownWriting(_ fd: Int32) throws(Errno) {
        try SystemCall.nothing { shutdown(fd, Int32(SHUT_WR)) }
    }

    /// Whether the peer sends no more, or an error waits to be told; it takes nothing away.
    ///
    /// Kernel: `poll(2)`, `POLLRDHUP`, `POLLHUP` and `POLLERR`.
    package static func hasEnded(_ fd: Int32) -> Bool {
        var entry = pollfd(fd: fd, events: CL_POLLRDHUP, revents: 0)
        return poll(&entry, 1, 0) == 1
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
