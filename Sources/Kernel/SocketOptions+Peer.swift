import CLinux
import Glibc

/// The process at the other end of a Unix socket, as it was when the connection was made.
public struct PeerCredentials: Hashable, Sendable {
    /// The process; 0 if it is in a PID namespace that this process cannot see.
    ///
    /// The number may belong to another process by now; ``SocketOptions/peerProcess()`` cannot.
    public let processID: Int32
    /// The effective user.
    public let userID: UInt32
    /// The effective group.
    public let groupID: UInt32
}

extension SocketOptions {
    /// The process that connected a Unix socket, or that listened; for a pair, the process that made it.
    ///
    /// - Throws: `.notConnected` if the socket is not a connected Unix stream or seqpacket socket; the kernel's error.
    ///
    /// Kernel: `SO_PEERCRED`.
    public var peerCredentials: PeerCredentials {
        get throws(Errno) {
            let value = try integers(SO_PEERCRED, count: 3)
            // The kernel does not fail for a socket without a peer: it returns no process and the highest numbers.
            guard value[0] != 0 || value[1] != -1 else { throw .notConnected }
            return PeerCredentials(
                processID: value[0], userID: UInt32(bitPattern: value[1]), groupID: UInt32(bitPattern: value[2]))
        }
    }

    /// Opens a descriptor that refers to the peer's process even after its number has been reused.
    ///
    /// - Returns: A pidfd: readable once the process has ended.
    /// - Throws: `.protocolNotAvailable` on older kernels; `.noData` if the socket has no peer; `.noSuchProcess` if the
    ///   process has ended (before Linux 6.16); `.tooManyOpenFiles`; other errors from the kernel.
    ///
    /// Kernel: `SO_PEERPIDFD` (Linux 6.5).
    public func peerProcess() throws(Errno) -> OwnedDescriptor {
        let descriptor = try option(CL_SO_PEERPIDFD, level: SOL_SOCKET)
        return OwnedDescriptor(takingOwnershipOf: try Descriptor.aboveStandard(descriptor))
    }
}
