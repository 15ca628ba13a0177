import Glibc
import Synchronization

/// A socket that the program owns, to hand to a loop or to use directly.
///
/// A socket made by this type is nonblocking, and programs started by this process do not inherit it. It is closed when
/// the last reference is released. Any thread may close or detach it; only the first of these calls has an effect. Do
/// not close it while a loop or another thread uses its descriptor: the number may be reused for another file.
///
/// asyncio: the `socket` object.
public final class Socket: Sendable, CustomStringConvertible {
    private let descriptor: Atomic<Int32>

    /// Makes a socket.
    ///
    /// Kernel: `socket(2)`.
    ///
    /// - Parameters:
    ///   - family: The family of the socket's addresses.
    ///   - type: ``stream``, ``datagram`` or another `SOCK_…`.
    ///   - protocol: The protocol; 0 for the default one.
    /// - Throws: `.tooManyOpenFiles`, `.addressFamilyNotSupported` and other errors from the kernel.
    public init(family: AddressFamily, type: Int32 = Socket.stream, protocol: Int32 = 0) throws(Errno) {
        descriptor = Atomic(try SocketCalls.open(family, type: type, protocol: `protocol`))
    }

    /// Takes ownership of a descriptor, without changing whether it is nonblocking.
    ///
    /// - Parameter fd: A socket; from now on only this object may close it.
    public init(takingOwnershipOf fd: Int32) {
        descriptor = Atomic(fd)
    }

    deinit {
        close()
    }

    /// Makes two stream sockets connected to each other.
    ///
    /// Kernel: `socketpair(2)`.
    ///
    /// - Throws: `.tooManyOpenFiles` and other errors from the kernel.
    public static func pair() throws(Errno) -> (Socket, Socket) {
        let (one, other) = try SocketCalls.pair()
        return (Socket(takingOwnershipOf: one), Socket(takingOwnershipOf: other))
    }

    /// The type of a socket that carries a stream of bytes without message boundaries.
    ///
    /// `SOCK_STREAM`.
    public static var stream: Int32 { Int32(SOCK_STREAM.rawValue) }

    /// The type of a socket that carries separate messages.
    ///
    /// `SOCK_DGRAM`.
    public static var datagram: Int32 { Int32(SOCK_DGRAM.rawValue) }

    /// The descriptor; -1 once the socket is closed or detached.
    public var fileDescriptor: Int32 {
        descriptor.load(ordering: .relaxed)
    }

    /// Closes the socket.
    ///
    /// Idempotent. Errors are ignored: Linux frees the descriptor in any case, and a caller could not act on them.
    ///
    /// Kernel: `close(2)`.
    public func close() {
        let fd = detach()
        if fd >= 0 { try? Descriptor.close(fd) }
    }

    /// Releases ownership of the descriptor without closing it.
    ///
    /// - Returns: The descriptor; -1 if the socket was already closed or detached.
    ///
    /// asyncio: `socket.detach()`.
    public func detach() -> Int32 {
        descriptor.exchange(-1, ordering: .acquiringAndReleasing)
    }

    /// The descriptor and the socket's addresses, as text.
    public var description: String {
        let fd = fileDescriptor
        guard fd >= 0 else { return "<Socket closed>" }
        let local = (try? SocketCalls.localAddress(fd)).map { " \($0)" } ?? ""
        let peer = (try? SocketCalls.peerAddress(fd)).map { ", peer \($0)" } ?? ""
        return "<Socket \(fd)\(local)\(peer)>"
    }
}
