import Glibc
import Synchronization

/// A socket that belongs to you: asyncio's socket object, for what a loop takes or is asked about.
///
/// It is nonblocking, closed in programs that yours starts, and closed when the last reference goes. Closing and
/// detaching happen exactly once, from whatever thread. Closing it while a loop or another thread still uses its
/// descriptor is your mistake: the number may already stand for something else.
public final class Socket: Sendable, CustomStringConvertible {
    private let descriptor: Atomic<Int32>

    /// Makes a socket.
    ///
    /// Kernel: `socket(2)`.
    ///
    /// - Parameters:
    ///   - family: Which kind of address it will have.
    ///   - type: ``stream`` or ``datagram``, or another `SOCK_…`.
    ///   - protocol: Which protocol; 0 for the usual one.
    /// - Throws: `.tooManyOpenFiles`, `.addressFamilyNotSupported` and other errors of the kernel.
    public init(family: AddressFamily, type: Int32 = Socket.stream, protocol: Int32 = 0) throws(Errno) {
        descriptor = Atomic(try SocketCalls.open(family, type: type, protocol: `protocol`))
    }

    /// Takes over a descriptor that somebody else has opened; whether it blocks stays as it is.
    ///
    /// - Parameter fd: A socket; from now on only this object closes it.
    public init(takingOwnershipOf fd: Int32) {
        descriptor = Atomic(fd)
    }

    deinit {
        close()
    }

    /// Makes two stream sockets that are connected with one another.
    ///
    /// Kernel: `socketpair(2)`.
    ///
    /// - Throws: `.tooManyOpenFiles` and other errors of the kernel.
    public static func pair() throws(Errno) -> (Socket, Socket) {
        let (one, other) = try SocketCalls.pair()
        return (Socket(takingOwnershipOf: one), Socket(takingOwnershipOf: other))
    }

    /// Bytes in order, without bounds between them.
    ///
    /// `SOCK_STREAM`.
    public static var stream: Int32 { Int32(SOCK_STREAM.rawValue) }

    /// Messages, each on its own.
    ///
    /// `SOCK_DGRAM`.
    public static var datagram: Int32 { Int32(SOCK_DGRAM.rawValue) }

    /// The descriptor; -1 once it is closed or detached.
    public var fileDescriptor: Int32 {
        descriptor.load(ordering: .relaxed)
    }

    /// Closes the socket; the second time nothing happens.
    ///
    /// Kernel: `close(2)`.
    ///
    /// No error is told: Linux frees the descriptor in any case, and sockets have none that one could act on.
    public func close() {
        let fd = detach()
        if fd >= 0 { try? Descriptor.close(fd) }
    }

    /// Gives the descriptor away without closing it; -1 if it is gone already.
    ///
    /// asyncio: `socket.detach()`.
    public func detach() -> Int32 {
        descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    }

    /// The descriptor and its addresses.
    public var description: String {
        let fd = fileDescriptor
        guard fd >= 0 else { return "<Socket closed>" }
        let local = (try? SocketCalls.localAddress(fd)).map { " \($0)" } ?? ""
        let peer = (try? SocketCalls.peerAddress(fd)).map { ", peer \($0)" } ?? ""
        return "<Socket \(fd)\(local)\(peer)>"
    }
}
