import Glibc
import Synchronization

/// A socket that the program owns, to hand to a loop or to use directly.
///
/// A socket made by this type is nonblocking, and programs started by this process do not inherit it. It is closed when
/// the last reference is released. Any thread may close or detach it; only the first of these calls has an effect.
///
/// A socket that a loop is using, for instance in `sockRecv`, may be closed at any time. Other users of the descriptor
/// must be finished first: a watch of a loop, or a system call on another thread. Otherwise they may act on another
/// file that has the number by then.
///
/// asyncio: the `socket` object.
public final class Socket: Sendable, CustomStringConvertible {
    let shared: SharedDescriptor
    /// See ``user``; owned by this object.
    let userReference = Atomic<UInt>(0)

    /// Makes a socket.
    ///
    /// - Parameters:
    ///   - family: The family of the socket's addresses.
    ///   - type: ``stream``, ``datagram`` or another `SOCK_…`.
    ///   - protocol: The protocol; 0 for the default one.
    /// - Throws: `.tooManyOpenFiles`, `.addressFamilyNotSupported` and other errors from the kernel.
    ///
    /// Kernel: `socket(2)`.
    public init(family: AddressFamily, type: Int32 = Socket.stream, protocol: Int32 = 0) throws(Errno) {
        shared = SharedDescriptor(try SocketCalls.open(family, type: type, protocol: `protocol`))
    }

    /// Takes ownership of a descriptor, without changing whether it is nonblocking.
    ///
    /// - Parameter fd: A socket; from now on only this object may close it.
    public init(takingOwnershipOf fd: Int32) {
        shared = SharedDescriptor(fd)
    }

    deinit {
        close()
        if let user { Unmanaged<AnyObject>.fromOpaque(user).release() }
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
        shared.current
    }

    /// Closes the socket.
    ///
    /// Idempotent. Errors are ignored: Linux frees the descriptor in any case, and a caller could not act on them.
    ///
    /// Tasks that wait for operations of a loop on this socket get an error. The descriptor is closed when the last of
    /// these operations has ended, in the loop's next turn: only then the peer sees the end of the connection, and the
    /// number can be reused.
    ///
    /// Kernel: `close(2)`.
    public func close() {
        end(detaching: false)
    }

    /// Releases ownership of the descriptor without closing it.
    ///
    /// Tasks that wait for operations of a loop on this socket get an error, unless their operation finishes first. Let
    /// them end before you use the descriptor. Bytes that were received for a task that was then cancelled, and that no
    /// other task has fetched, are dropped, and the loss is logged.
    ///
    /// - Returns: The descriptor; -1 if the socket was already closed or detached.
    ///
    /// asyncio: `socket.detach()`.
    public func detach() -> Int32 {
        end(detaching: true) ? shared.original : -1
    }

    /// Returns false if the socket had already ended.
    @discardableResult
    private func end(detaching: Bool) -> Bool {
        switch shared.end(detaching: detaching) {
        case .repeated: return false
        case .inUse where currentUser?.socketEnds() != false: return true
        case .inUse, .idle:
            releaseReceived(isDetached: detaching)
            if !detaching { try? Descriptor.close(shared.original) }
            return true
        }
    }

    func releaseReceived(isDetached: Bool) {
        currentUser?.socketEnded(isDetached: isDetached)
    }

    private var currentUser: (any SocketUser)? {
        let user = UnsafeRawPointer(bitPattern: userReference.load(ordering: .sequentiallyConsistent))
        return user.flatMap { Unmanaged<AnyObject>.fromOpaque($0).takeUnretainedValue() as? any SocketUser }
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
